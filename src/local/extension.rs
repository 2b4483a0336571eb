//! Registers sqlite-vec, compiled into this program, for every connection that is opened afterwards.
//!
//! Must never: hold anything else. This is the only unsafe code of the package.

use std::sync::Once;

use rusqlite::auto_extension::{RawAutoExtension, register_auto_extension};

static REGISTERED: Once = Once::new();

/// Makes the module `vec0` known to SQLite; calling it again does nothing.
pub(super) fn register() {
    REGISTERED.call_once(|| {
        #[expect(unsafe_code, reason = "SQLite takes an extension's entry point as a C function pointer")]
        // SAFETY: `sqlite3_vec_init` is declared without its parameters by its crate; in C it has exactly the
        // signature of an entry point. It opens and closes no connection and leaves the list of automatic
        // extensions alone.
        unsafe {
            let init: RawAutoExtension = std::mem::transmute(sqlite_vec::sqlite3_vec_init as *const ());
            register_auto_extension(init).expect("SQLite refuses only where memory is out");
        }
    });
}
