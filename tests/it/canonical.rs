//! The canonical text: one text for one memory, one memory for one text.

use memsync::object::Memory;
use proptest::prelude::*;

use crate::support::arbitrary;

proptest! {
    #![proptest_config(arbitrary::config(512))]

    #[test]
    fn whatever_is_written_is_read_back_equal(memory in arbitrary::memory()) {
        let blob = memory.to_blob();
        let read = Memory::parse(&blob).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(&read, &memory);
        prop_assert_eq!(read.to_blob(), blob);
    }

    #[test]
    fn memories_that_differ_have_texts_that_differ(
        first in arbitrary::memory(),
        second in arbitrary::memory(),
    ) {
        prop_assert_eq!(first == second, first.to_blob() == second.to_blob());
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in any::<Vec<u8>>()) {
        let _ = Memory::parse(&bytes);
    }

    #[test]
    fn damage_to_a_text_is_an_error_or_another_memory(
        memory in arbitrary::memory(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut blob = memory.to_blob();
        let at = at.index(blob.len());
        prop_assume!(blob[at] != byte);
        blob[at] = byte;
        if let Ok(read) = Memory::parse(&blob) {
            // What was read can be written again, whatever it is.
            prop_assert_eq!(Memory::parse(&read.to_blob()), Ok(read));
        }
    }
}
