//! The memsync program.

fn main() -> std::process::ExitCode {
    memsync::cli::main(std::env::args_os())
}
