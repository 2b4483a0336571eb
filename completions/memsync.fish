# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_memsync_global_optspecs
    string join \n q/quiet v/verbose color= no-pager h/help V/version
end

function __fish_memsync_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_memsync_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_memsync_using_subcommand
    set -l cmd (__fish_memsync_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c memsync -n "__fish_memsync_needs_command" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_needs_command" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_needs_command" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_needs_command" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_needs_command" -s V -l version -d 'Print version'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "init" -d 'Prepare this device for syncing, or make this the server'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "status" -d 'Show what has changed since the last sync'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "st" -d 'Show what has changed since the last sync'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "diff" -d 'Show changes since the last sync, field by field'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "sync" -d 'Bring this device and the server into agreement'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "full" -d 'Bring this device and the server into agreement'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "stash" -d 'Record this device\'s changes in the staging database'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "fetch" -d 'Learn what the server holds now, and change nothing'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "pull" -d 'Bring the server\'s changes to this device'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "apply" -d 'Apply the server\'s fetched changes to this device'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "push" -d 'Bring this device\'s changes to the server'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "checkout" -d 'Decide conflicts for one side'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "log" -d 'Show the syncs of this device, newest first'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "show" -d 'Show a sync or a memory'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "config" -d 'Show and change settings'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "remote" -d 'Show and change the servers and files to sync with'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "serve" -d 'Be the server that devices sync with'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "demo" -d 'Play the whole story on this machine, and change nothing'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "completions" -d 'Print the completions for a shell'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "man" -d 'Show the manual page of memsync or of one command'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c memsync -n "__fish_memsync_using_subcommand init" -l database -l db -d 'The service\'s database on this device, kept as core.database; with --server, the server\'s own' -r -F
complete -c memsync -n "__fish_memsync_using_subcommand init" -l key-file -d 'The file with the server\'s API key, which only you may read' -r -F
complete -c memsync -n "__fish_memsync_using_subcommand init" -l trust -d 'The SHA-256 of the one certificate that the server may show, as memsync remote trust takes it' -r
complete -c memsync -n "__fish_memsync_using_subcommand init" -l listen -d 'Where the server listens; 0.0.0.0:8443 is every address of this machine [default: 127.0.0.1:8000]' -r
complete -c memsync -n "__fish_memsync_using_subcommand init" -l tls -d 'Make a certificate, and let nobody listen in' -r -f -a "self-signed\t''"
complete -c memsync -n "__fish_memsync_using_subcommand init" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand init" -l server -d 'Prepare this machine as the central server'
complete -c memsync -n "__fish_memsync_using_subcommand init" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand init" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand init" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand status" -l porcelain -d 'Print one line for each memory, in a form that never changes' -r -f -a "v1\t'\'XYZ HASH\', a tab and the first line, where X is this device against the last sync, Y the server, Z a conflict'"
complete -c memsync -n "__fish_memsync_using_subcommand status" -l tag -d 'Only memories with this tag (may be repeated: any of them)' -r
complete -c memsync -n "__fish_memsync_using_subcommand status" -l type -d 'Only memories of this type (may be repeated: any of them)' -r
complete -c memsync -n "__fish_memsync_using_subcommand status" -l store -d 'Only memories in this store (may be repeated: any of them)' -r
complete -c memsync -n "__fish_memsync_using_subcommand status" -l since -d 'Only memories made at or after this time: \'2025-01-31\', \'2025-01-31T12:00:00Z\', \'2 weeks ago\'' -r
complete -c memsync -n "__fish_memsync_using_subcommand status" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand status" -s z -d 'End lines with NUL and leave text as it is; implies --porcelain'
complete -c memsync -n "__fish_memsync_using_subcommand status" -l json -d 'Print everything as JSON'
complete -c memsync -n "__fish_memsync_using_subcommand status" -l exit-code -d 'Exit with 1 if there is anything to sync'
complete -c memsync -n "__fish_memsync_using_subcommand status" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand status" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand status" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand st" -l porcelain -d 'Print one line for each memory, in a form that never changes' -r -f -a "v1\t'\'XYZ HASH\', a tab and the first line, where X is this device against the last sync, Y the server, Z a conflict'"
complete -c memsync -n "__fish_memsync_using_subcommand st" -l tag -d 'Only memories with this tag (may be repeated: any of them)' -r
complete -c memsync -n "__fish_memsync_using_subcommand st" -l type -d 'Only memories of this type (may be repeated: any of them)' -r
complete -c memsync -n "__fish_memsync_using_subcommand st" -l store -d 'Only memories in this store (may be repeated: any of them)' -r
complete -c memsync -n "__fish_memsync_using_subcommand st" -l since -d 'Only memories made at or after this time: \'2025-01-31\', \'2025-01-31T12:00:00Z\', \'2 weeks ago\'' -r
complete -c memsync -n "__fish_memsync_using_subcommand st" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand st" -s z -d 'End lines with NUL and leave text as it is; implies --porcelain'
complete -c memsync -n "__fish_memsync_using_subcommand st" -l json -d 'Print everything as JSON'
complete -c memsync -n "__fish_memsync_using_subcommand st" -l exit-code -d 'Exit with 1 if there is anything to sync'
complete -c memsync -n "__fish_memsync_using_subcommand st" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand st" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand st" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand st" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand diff" -l tag -d 'Only memories with this tag (may be repeated: any of them)' -r
complete -c memsync -n "__fish_memsync_using_subcommand diff" -l type -d 'Only memories of this type (may be repeated: any of them)' -r
complete -c memsync -n "__fish_memsync_using_subcommand diff" -l store -d 'Only memories in this store (may be repeated: any of them)' -r
complete -c memsync -n "__fish_memsync_using_subcommand diff" -l since -d 'Only memories made at or after this time: \'2025-01-31\', \'2025-01-31T12:00:00Z\', \'2 weeks ago\'' -r
complete -c memsync -n "__fish_memsync_using_subcommand diff" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand diff" -l remote -d 'Show the server\'s changes instead of this device\'s'
complete -c memsync -n "__fish_memsync_using_subcommand diff" -l json -d 'Print the differences as JSON'
complete -c memsync -n "__fish_memsync_using_subcommand diff" -l exit-code -d 'Exit with 1 if there are differences'
complete -c memsync -n "__fish_memsync_using_subcommand diff" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand diff" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand diff" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand sync" -l allow-plan -d 'Let exactly the plan with this id through the brakes' -r
complete -c memsync -n "__fish_memsync_using_subcommand sync" -s X -l strategy-option -d 'Settle what both sides changed, instead of leaving it as a conflict' -r -f -a "ours\t'This device\'s version'
theirs\t'The server\'s version'
newest\t'The version that was written last, by each side\'s own clock'"
complete -c memsync -n "__fish_memsync_using_subcommand sync" -l tag -d 'Only memories with this tag (may be repeated: any of them)' -r
complete -c memsync -n "__fish_memsync_using_subcommand sync" -l type -d 'Only memories of this type (may be repeated: any of them)' -r
complete -c memsync -n "__fish_memsync_using_subcommand sync" -l store -d 'Only memories in this store (may be repeated: any of them)' -r
complete -c memsync -n "__fish_memsync_using_subcommand sync" -l since -d 'Only memories made at or after this time: \'2025-01-31\', \'2025-01-31T12:00:00Z\', \'2 weeks ago\'' -r
complete -c memsync -n "__fish_memsync_using_subcommand sync" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand sync" -l dry-run -d 'Print the plan and change nothing'
complete -c memsync -n "__fish_memsync_using_subcommand sync" -l json -d 'Print the result (or, with --dry-run, the plan) as JSON'
complete -c memsync -n "__fish_memsync_using_subcommand sync" -l no-dedup -d 'Send memories even if the server holds a similar one'
complete -c memsync -n "__fish_memsync_using_subcommand sync" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand sync" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand sync" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand sync" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand full" -l allow-plan -d 'Let exactly the plan with this id through the brakes' -r
complete -c memsync -n "__fish_memsync_using_subcommand full" -s X -l strategy-option -d 'Settle what both sides changed, instead of leaving it as a conflict' -r -f -a "ours\t'This device\'s version'
theirs\t'The server\'s version'
newest\t'The version that was written last, by each side\'s own clock'"
complete -c memsync -n "__fish_memsync_using_subcommand full" -l tag -d 'Only memories with this tag (may be repeated: any of them)' -r
complete -c memsync -n "__fish_memsync_using_subcommand full" -l type -d 'Only memories of this type (may be repeated: any of them)' -r
complete -c memsync -n "__fish_memsync_using_subcommand full" -l store -d 'Only memories in this store (may be repeated: any of them)' -r
complete -c memsync -n "__fish_memsync_using_subcommand full" -l since -d 'Only memories made at or after this time: \'2025-01-31\', \'2025-01-31T12:00:00Z\', \'2 weeks ago\'' -r
complete -c memsync -n "__fish_memsync_using_subcommand full" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand full" -l dry-run -d 'Print the plan and change nothing'
complete -c memsync -n "__fish_memsync_using_subcommand full" -l json -d 'Print the result (or, with --dry-run, the plan) as JSON'
complete -c memsync -n "__fish_memsync_using_subcommand full" -l no-dedup -d 'Send memories even if the server holds a similar one'
complete -c memsync -n "__fish_memsync_using_subcommand full" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand full" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand full" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand full" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand stash" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand stash" -l dry-run -d 'Print what would be recorded and change nothing'
complete -c memsync -n "__fish_memsync_using_subcommand stash" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand stash" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand stash" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand stash" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand fetch" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand fetch" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand fetch" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand fetch" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand fetch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand pull" -l allow-plan -d 'Let exactly the plan with this id through the brakes' -r
complete -c memsync -n "__fish_memsync_using_subcommand pull" -s X -l strategy-option -d 'Settle what both sides changed, instead of leaving it as a conflict' -r -f -a "ours\t'This device\'s version'
theirs\t'The server\'s version'
newest\t'The version that was written last, by each side\'s own clock'"
complete -c memsync -n "__fish_memsync_using_subcommand pull" -l tag -d 'Only memories with this tag (may be repeated: any of them)' -r
complete -c memsync -n "__fish_memsync_using_subcommand pull" -l type -d 'Only memories of this type (may be repeated: any of them)' -r
complete -c memsync -n "__fish_memsync_using_subcommand pull" -l store -d 'Only memories in this store (may be repeated: any of them)' -r
complete -c memsync -n "__fish_memsync_using_subcommand pull" -l since -d 'Only memories made at or after this time: \'2025-01-31\', \'2025-01-31T12:00:00Z\', \'2 weeks ago\'' -r
complete -c memsync -n "__fish_memsync_using_subcommand pull" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand pull" -l dry-run -d 'Print the plan and change nothing'
complete -c memsync -n "__fish_memsync_using_subcommand pull" -l json -d 'Print the result (or, with --dry-run, the plan) as JSON'
complete -c memsync -n "__fish_memsync_using_subcommand pull" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand pull" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand pull" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand pull" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand apply" -l allow-plan -d 'Let exactly the plan with this id through the brakes' -r
complete -c memsync -n "__fish_memsync_using_subcommand apply" -s X -l strategy-option -d 'Settle what both sides changed, instead of leaving it as a conflict' -r -f -a "ours\t'This device\'s version'
theirs\t'The server\'s version'
newest\t'The version that was written last, by each side\'s own clock'"
complete -c memsync -n "__fish_memsync_using_subcommand apply" -l tag -d 'Only memories with this tag (may be repeated: any of them)' -r
complete -c memsync -n "__fish_memsync_using_subcommand apply" -l type -d 'Only memories of this type (may be repeated: any of them)' -r
complete -c memsync -n "__fish_memsync_using_subcommand apply" -l store -d 'Only memories in this store (may be repeated: any of them)' -r
complete -c memsync -n "__fish_memsync_using_subcommand apply" -l since -d 'Only memories made at or after this time: \'2025-01-31\', \'2025-01-31T12:00:00Z\', \'2 weeks ago\'' -r
complete -c memsync -n "__fish_memsync_using_subcommand apply" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand apply" -l dry-run -d 'Print the plan and change nothing'
complete -c memsync -n "__fish_memsync_using_subcommand apply" -l json -d 'Print the result (or, with --dry-run, the plan) as JSON'
complete -c memsync -n "__fish_memsync_using_subcommand apply" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand apply" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand apply" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand apply" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand push" -l allow-plan -d 'Let exactly the plan with this id through the brakes' -r
complete -c memsync -n "__fish_memsync_using_subcommand push" -s X -l strategy-option -d 'Settle what both sides changed, instead of leaving it as a conflict' -r -f -a "ours\t'This device\'s version'
theirs\t'The server\'s version'
newest\t'The version that was written last, by each side\'s own clock'"
complete -c memsync -n "__fish_memsync_using_subcommand push" -l tag -d 'Only memories with this tag (may be repeated: any of them)' -r
complete -c memsync -n "__fish_memsync_using_subcommand push" -l type -d 'Only memories of this type (may be repeated: any of them)' -r
complete -c memsync -n "__fish_memsync_using_subcommand push" -l store -d 'Only memories in this store (may be repeated: any of them)' -r
complete -c memsync -n "__fish_memsync_using_subcommand push" -l since -d 'Only memories made at or after this time: \'2025-01-31\', \'2025-01-31T12:00:00Z\', \'2 weeks ago\'' -r
complete -c memsync -n "__fish_memsync_using_subcommand push" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand push" -l dry-run -d 'Print the plan and change nothing'
complete -c memsync -n "__fish_memsync_using_subcommand push" -l json -d 'Print the result (or, with --dry-run, the plan) as JSON'
complete -c memsync -n "__fish_memsync_using_subcommand push" -l no-dedup -d 'Send memories even if the server holds a similar one'
complete -c memsync -n "__fish_memsync_using_subcommand push" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand push" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand push" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand push" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand checkout" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand checkout" -l ours -d 'Take this device\'s version'
complete -c memsync -n "__fish_memsync_using_subcommand checkout" -l theirs -d 'Take the server\'s version'
complete -c memsync -n "__fish_memsync_using_subcommand checkout" -l all -d 'Every conflict'
complete -c memsync -n "__fish_memsync_using_subcommand checkout" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand checkout" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand checkout" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand checkout" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand log" -s n -l max-count -d 'Show at most this many' -r
complete -c memsync -n "__fish_memsync_using_subcommand log" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand log" -l oneline -d 'One line for each'
complete -c memsync -n "__fish_memsync_using_subcommand log" -l json -d 'Print them as JSON'
complete -c memsync -n "__fish_memsync_using_subcommand log" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand log" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand log" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand log" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand show" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand show" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand show" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand show" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand config" -l unset -d 'Take a setting away, with all its values' -r
complete -c memsync -n "__fish_memsync_using_subcommand config" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand config" -l global -d 'Use the global file only'
complete -c memsync -n "__fish_memsync_using_subcommand config" -l local -d 'Use the file beside the staging database only; that is where changes go by default'
complete -c memsync -n "__fish_memsync_using_subcommand config" -s l -l list -d 'Print every setting that the files hold, as NAME=VALUE'
complete -c memsync -n "__fish_memsync_using_subcommand config" -l add -d 'Add a value to a setting that may have several, instead of replacing it'
complete -c memsync -n "__fish_memsync_using_subcommand config" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand config" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand config" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand config" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and not __fish_seen_subcommand_from add list set-url remove rm trust help" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand remote; and not __fish_seen_subcommand_from add list set-url remove rm trust help" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and not __fish_seen_subcommand_from add list set-url remove rm trust help" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and not __fish_seen_subcommand_from add list set-url remove rm trust help" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and not __fish_seen_subcommand_from add list set-url remove rm trust help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and not __fish_seen_subcommand_from add list set-url remove rm trust help" -f -a "add" -d 'Add a server or a file'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and not __fish_seen_subcommand_from add list set-url remove rm trust help" -f -a "list" -d 'List them; with -v also their addresses and how each server is trusted'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and not __fish_seen_subcommand_from add list set-url remove rm trust help" -f -a "set-url" -d 'Change an address'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and not __fish_seen_subcommand_from add list set-url remove rm trust help" -f -a "remove" -d 'Forget a remote, with all its settings'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and not __fish_seen_subcommand_from add list set-url remove rm trust help" -f -a "rm" -d 'Forget a remote, with all its settings'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and not __fish_seen_subcommand_from add list set-url remove rm trust help" -f -a "trust" -d 'Trust exactly one certificate of a server'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and not __fish_seen_subcommand_from add list set-url remove rm trust help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from add" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from add" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from list" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from list" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from set-url" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from set-url" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from set-url" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from set-url" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from set-url" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from remove" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from remove" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from rm" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from rm" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from rm" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from rm" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from trust" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from trust" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from trust" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from trust" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from trust" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from help" -f -a "add" -d 'Add a server or a file'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from help" -f -a "list" -d 'List them; with -v also their addresses and how each server is trusted'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from help" -f -a "set-url" -d 'Change an address'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Forget a remote, with all its settings'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from help" -f -a "trust" -d 'Trust exactly one certificate of a server'
complete -c memsync -n "__fish_memsync_using_subcommand remote; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c memsync -n "__fish_memsync_using_subcommand serve" -l db -d 'The database [default: the one that the service uses]' -r -F
complete -c memsync -n "__fish_memsync_using_subcommand serve" -l listen -d 'Where to listen; port 0 takes a free one, 0.0.0.0 is every network' -r
complete -c memsync -n "__fish_memsync_using_subcommand serve" -l api-key-file -d 'The file with the API key, readable by you alone [default: the key of the environment, else the file beside the database]' -r -F
complete -c memsync -n "__fish_memsync_using_subcommand serve" -l tls -d 'Encrypt, with a certificate that is made on first use and kept beside the database' -r -f -a "self-signed\t'One\'s own, which devices trust by its fingerprint'"
complete -c memsync -n "__fish_memsync_using_subcommand serve" -l tls-cert -d 'Encrypt with the certificate in this PEM file' -r -F
complete -c memsync -n "__fish_memsync_using_subcommand serve" -l tls-key -d 'The private key of that certificate' -r -F
complete -c memsync -n "__fish_memsync_using_subcommand serve" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand serve" -l insecure-no-tls -d 'Answer other devices without TLS: whoever can listen on the way reads the API key and every memory'
complete -c memsync -n "__fish_memsync_using_subcommand serve" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand serve" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand serve" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand demo" -l keep -d 'A new folder for the databases of the server and both devices, which then stays' -r -F
complete -c memsync -n "__fish_memsync_using_subcommand demo" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand demo" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand demo" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand demo" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand completions" -l output -d 'Write a file for the shell, or for every shell, into this folder instead' -r -F
complete -c memsync -n "__fish_memsync_using_subcommand completions" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand completions" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand completions" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand completions" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand man" -l output -d 'Write every page into this folder instead' -r -F
complete -c memsync -n "__fish_memsync_using_subcommand man" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand man" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand man" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand man" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout log show config remote serve demo completions man help" -f -a "init" -d 'Prepare this device for syncing, or make this the server'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout log show config remote serve demo completions man help" -f -a "status" -d 'Show what has changed since the last sync'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout log show config remote serve demo completions man help" -f -a "diff" -d 'Show changes since the last sync, field by field'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout log show config remote serve demo completions man help" -f -a "sync" -d 'Bring this device and the server into agreement'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout log show config remote serve demo completions man help" -f -a "stash" -d 'Record this device\'s changes in the staging database'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout log show config remote serve demo completions man help" -f -a "fetch" -d 'Learn what the server holds now, and change nothing'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout log show config remote serve demo completions man help" -f -a "pull" -d 'Bring the server\'s changes to this device'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout log show config remote serve demo completions man help" -f -a "apply" -d 'Apply the server\'s fetched changes to this device'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout log show config remote serve demo completions man help" -f -a "push" -d 'Bring this device\'s changes to the server'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout log show config remote serve demo completions man help" -f -a "checkout" -d 'Decide conflicts for one side'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout log show config remote serve demo completions man help" -f -a "log" -d 'Show the syncs of this device, newest first'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout log show config remote serve demo completions man help" -f -a "show" -d 'Show a sync or a memory'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout log show config remote serve demo completions man help" -f -a "config" -d 'Show and change settings'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout log show config remote serve demo completions man help" -f -a "remote" -d 'Show and change the servers and files to sync with'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout log show config remote serve demo completions man help" -f -a "serve" -d 'Be the server that devices sync with'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout log show config remote serve demo completions man help" -f -a "demo" -d 'Play the whole story on this machine, and change nothing'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout log show config remote serve demo completions man help" -f -a "completions" -d 'Print the completions for a shell'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout log show config remote serve demo completions man help" -f -a "man" -d 'Show the manual page of memsync or of one command'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout log show config remote serve demo completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c memsync -n "__fish_memsync_using_subcommand help; and __fish_seen_subcommand_from remote" -f -a "add" -d 'Add a server or a file'
complete -c memsync -n "__fish_memsync_using_subcommand help; and __fish_seen_subcommand_from remote" -f -a "list" -d 'List them; with -v also their addresses and how each server is trusted'
complete -c memsync -n "__fish_memsync_using_subcommand help; and __fish_seen_subcommand_from remote" -f -a "set-url" -d 'Change an address'
complete -c memsync -n "__fish_memsync_using_subcommand help; and __fish_seen_subcommand_from remote" -f -a "remove" -d 'Forget a remote, with all its settings'
complete -c memsync -n "__fish_memsync_using_subcommand help; and __fish_seen_subcommand_from remote" -f -a "trust" -d 'Trust exactly one certificate of a server'
