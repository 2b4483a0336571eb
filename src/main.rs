//! The memsync program.
#![expect(clippy::disallowed_methods, reason = "the program is where the arguments come in")]

fn main() -> std::process::ExitCode {
    memsync::cli::main(std::env::args_os())
}
