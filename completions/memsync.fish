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
complete -c memsync -n "__fish_memsync_needs_command" -f -a "merge" -d 'Merge what was fetched, and end conflicts by a rule'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "mergetool" -d 'End conflicts one by one, with both versions in view'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "conflicts" -d 'List the conflicts, with base, ours and theirs'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "resolve" -d 'End conflicts with answers in JSON'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "restore" -d 'Bring memories back as they were at a sync'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "undo" -d 'Take back what a sync did'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "log" -d 'Show the syncs of this device, newest first'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "show" -d 'Show a sync, a memory, or a memory as it was'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "reflog" -d 'Show where a ref has been, newest first'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "explain" -d 'Tell one memory\'s whole story'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "digest" -d 'Print one short code for the synced memories'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "embed" -d 'Show, make and check the vectors that memories are found by'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "config" -d 'Show and change settings'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "remote" -d 'Show and change the servers and files to sync with'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "serve" -d 'Be the server that devices sync with'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "demo" -d 'Play the whole story on this machine, and change nothing'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "completions" -d 'Print the completions for a shell'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "man" -d 'Show the manual page of memsync or of one command'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "fsck" -d 'Check the objects, the refs and the local database'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "gc" -d 'Pack the objects, and drop what nothing needs'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "cat-file" -d 'Print an object, its type or its size'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "ls-tree" -d 'List the memories of a tree'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "diff-tree" -d 'Compare two trees'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "hash-object" -d 'Compute the id of a memory\'s text, and keep it'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "write-tree" -d 'Keep this device\'s memories as a tree'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "rev-parse" -d 'Print the ids that names lead to'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "show-ref" -d 'List refs'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "for-each-ref" -d 'Print something about each ref'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "fast-export" -d 'Print the history for git fast-import'
complete -c memsync -n "__fish_memsync_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c memsync -n "__fish_memsync_using_subcommand init" -l database -l db -d 'The service\'s database on this device, kept as core.database; with --server, the server\'s own' -r -F
complete -c memsync -n "__fish_memsync_using_subcommand init" -l key-file -d 'The file with the server\'s API key, which only you may read' -r -F
complete -c memsync -n "__fish_memsync_using_subcommand init" -l trust -d 'The SHA-256 of the one certificate that the server may show, as memsync remote trust takes it' -r
complete -c memsync -n "__fish_memsync_using_subcommand init" -l import-staging -d 'A staging database of the sync scripts of mcp-memory-service, whose changes are taken over; it is only read' -r -F
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
complete -c memsync -n "__fish_memsync_using_subcommand diff" -s M -l find-edits -d 'Show a deleted and a new memory as one that was edited where their texts are this much alike [default: 50 %]' -r
complete -c memsync -n "__fish_memsync_using_subcommand diff" -l tag -d 'Only memories with this tag (may be repeated: any of them)' -r
complete -c memsync -n "__fish_memsync_using_subcommand diff" -l type -d 'Only memories of this type (may be repeated: any of them)' -r
complete -c memsync -n "__fish_memsync_using_subcommand diff" -l store -d 'Only memories in this store (may be repeated: any of them)' -r
complete -c memsync -n "__fish_memsync_using_subcommand diff" -l since -d 'Only memories made at or after this time: \'2025-01-31\', \'2025-01-31T12:00:00Z\', \'2 weeks ago\'' -r
complete -c memsync -n "__fish_memsync_using_subcommand diff" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand diff" -l remote -d 'Show the server\'s changes instead of this device\'s'
complete -c memsync -n "__fish_memsync_using_subcommand diff" -l word-diff -d 'Mark the words that changed in a text, instead of its lines'
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
complete -c memsync -n "__fish_memsync_using_subcommand checkout" -l field -d 'Decide these fields only, as `memsync conflicts` names them; \'metadata\' and \'meta.a\' mean what is below them too' -r
complete -c memsync -n "__fish_memsync_using_subcommand checkout" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand checkout" -l ours -l local -d 'Take this device\'s version'
complete -c memsync -n "__fish_memsync_using_subcommand checkout" -l theirs -l remote -d 'Take the server\'s version'
complete -c memsync -n "__fish_memsync_using_subcommand checkout" -l base -d 'Take what both sides held when they last agreed'
complete -c memsync -n "__fish_memsync_using_subcommand checkout" -l all -d 'Every conflict that waits for a decision'
complete -c memsync -n "__fish_memsync_using_subcommand checkout" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand checkout" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand checkout" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand checkout" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand merge" -l allow-plan -d 'Let exactly the plan with this id through the brakes' -r
complete -c memsync -n "__fish_memsync_using_subcommand merge" -s X -l strategy-option -d 'Settle what both sides changed, instead of leaving it as a conflict' -r -f -a "ours\t'This device\'s version'
theirs\t'The server\'s version'
newest\t'The version that was written last, by each side\'s own clock'"
complete -c memsync -n "__fish_memsync_using_subcommand merge" -l tag -d 'Only memories with this tag (may be repeated: any of them)' -r
complete -c memsync -n "__fish_memsync_using_subcommand merge" -l type -d 'Only memories of this type (may be repeated: any of them)' -r
complete -c memsync -n "__fish_memsync_using_subcommand merge" -l store -d 'Only memories in this store (may be repeated: any of them)' -r
complete -c memsync -n "__fish_memsync_using_subcommand merge" -l since -d 'Only memories made at or after this time: \'2025-01-31\', \'2025-01-31T12:00:00Z\', \'2 weeks ago\'' -r
complete -c memsync -n "__fish_memsync_using_subcommand merge" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand merge" -l dry-run -d 'Print the plan and change nothing'
complete -c memsync -n "__fish_memsync_using_subcommand merge" -l json -d 'Print the result (or, with --dry-run, the plan) as JSON'
complete -c memsync -n "__fish_memsync_using_subcommand merge" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand merge" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand merge" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand merge" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand mergetool" -l tool -d 'Merge with this program: a name from mergetool.NAME.cmd, or a command that finds files in $BASE, $LOCAL, $REMOTE and $MERGED' -r
complete -c memsync -n "__fish_memsync_using_subcommand mergetool" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand mergetool" -l edit -d 'Merge in your editor ($VISUAL, else $EDITOR, else vi)'
complete -c memsync -n "__fish_memsync_using_subcommand mergetool" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand mergetool" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand mergetool" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand mergetool" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand conflicts" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand conflicts" -l json -d 'Print them as JSON, with base, ours and theirs as whole memories'
complete -c memsync -n "__fish_memsync_using_subcommand conflicts" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand conflicts" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand conflicts" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand conflicts" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand resolve" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand resolve" -l json -d 'Print what was done as JSON'
complete -c memsync -n "__fish_memsync_using_subcommand resolve" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand resolve" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand resolve" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand resolve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand restore" -s s -l source -d 'Where they come from: a sync, or a snapshot of this device or of the server' -r
complete -c memsync -n "__fish_memsync_using_subcommand restore" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand restore" -l all -d 'Every memory that the commit holds'
complete -c memsync -n "__fish_memsync_using_subcommand restore" -l dry-run -d 'Print what would come back and change nothing'
complete -c memsync -n "__fish_memsync_using_subcommand restore" -l json -d 'Print the result (or, with --dry-run, the plan) as JSON'
complete -c memsync -n "__fish_memsync_using_subcommand restore" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand restore" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand restore" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand undo" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand undo" -l remote -d 'Also take back what it did on the server, except to memories that were changed there since'
complete -c memsync -n "__fish_memsync_using_subcommand undo" -l dry-run -d 'Print what would be taken back and change nothing'
complete -c memsync -n "__fish_memsync_using_subcommand undo" -l json -d 'Print the result (or, with --dry-run, the plan) as JSON'
complete -c memsync -n "__fish_memsync_using_subcommand undo" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand undo" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand undo" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand undo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand log" -s n -l max-count -d 'Show at most this many' -r
complete -c memsync -n "__fish_memsync_using_subcommand log" -l since -d 'Only those at or after this time: \'2025-01-31\', \'yesterday\', \'2 weeks ago\'' -r
complete -c memsync -n "__fish_memsync_using_subcommand log" -l until -d 'Only those at or before this time' -r
complete -c memsync -n "__fish_memsync_using_subcommand log" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand log" -l oneline -d 'One line for each'
complete -c memsync -n "__fish_memsync_using_subcommand log" -l graph -d 'Draw the syncs with the snapshots that they were made from'
complete -c memsync -n "__fish_memsync_using_subcommand log" -l stat -d 'List the memories that each one changed'
complete -c memsync -n "__fish_memsync_using_subcommand log" -l json -d 'Print them as JSON'
complete -c memsync -n "__fish_memsync_using_subcommand log" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand log" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand log" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand log" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand show" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand show" -l json -d 'Print it as JSON'
complete -c memsync -n "__fish_memsync_using_subcommand show" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand show" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand show" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand reflog" -s n -l max-count -d 'Show at most this many' -r
complete -c memsync -n "__fish_memsync_using_subcommand reflog" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand reflog" -l json -d 'Print them as JSON'
complete -c memsync -n "__fish_memsync_using_subcommand reflog" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand reflog" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand reflog" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand reflog" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand explain" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand explain" -l json -d 'Print it as JSON'
complete -c memsync -n "__fish_memsync_using_subcommand explain" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand explain" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand explain" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand digest" -l db -d 'Read a database file instead: on the server\'s machine, that of the service or of memsync serve' -r -F
complete -c memsync -n "__fish_memsync_using_subcommand digest" -l tree -d 'Print a code for each next digit of the hashes that begin with PREFIX, and at the end the memories' -r
complete -c memsync -n "__fish_memsync_using_subcommand digest" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand digest" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand digest" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand digest" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand digest" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand embed" -l verify -d 'Compare vectors with those that their texts would get now: of N memories, or of all [default: 100]' -r
complete -c memsync -n "__fish_memsync_using_subcommand embed" -l model -d 'With --all: by what: a model\'s name, a folder with one, \'hash\', \'endpoint\' [default: what the service would use]' -r -F
complete -c memsync -n "__fish_memsync_using_subcommand embed" -l db -d 'Work on another database file, such as that of memsync serve' -r -F
complete -c memsync -n "__fish_memsync_using_subcommand embed" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand embed" -l missing -d 'Make the vectors that are missing'
complete -c memsync -n "__fish_memsync_using_subcommand embed" -l all -d 'Make all vectors anew, also of another model or size'
complete -c memsync -n "__fish_memsync_using_subcommand embed" -s y -l yes -d 'With --all: do not ask'
complete -c memsync -n "__fish_memsync_using_subcommand embed" -l json -d 'Print the result as JSON'
complete -c memsync -n "__fish_memsync_using_subcommand embed" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand embed" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand embed" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand embed" -s h -l help -d 'Print help (see more with \'--help\')'
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
complete -c memsync -n "__fish_memsync_using_subcommand fsck" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand fsck" -l connectivity-only -d 'Only look whether everything is there that something leads to, in the staging database'
complete -c memsync -n "__fish_memsync_using_subcommand fsck" -l json -d 'Print what was found as JSON'
complete -c memsync -n "__fish_memsync_using_subcommand fsck" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand fsck" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand fsck" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand fsck" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand gc" -l prune -d 'Drop what nothing needs and was not used since: \'2 weeks ago\', \'2025-01-31\', \'now\' [default: 90 days ago]' -r
complete -c memsync -n "__fish_memsync_using_subcommand gc" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand gc" -l no-prune -d 'Drop no object and no vector'
complete -c memsync -n "__fish_memsync_using_subcommand gc" -s n -l dry-run -d 'Say what would be done, and change nothing'
complete -c memsync -n "__fish_memsync_using_subcommand gc" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand gc" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand gc" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand gc" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand cat-file" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand cat-file" -s t -d 'Print the object\'s type'
complete -c memsync -n "__fish_memsync_using_subcommand cat-file" -s s -d 'Print the object\'s size in bytes'
complete -c memsync -n "__fish_memsync_using_subcommand cat-file" -s p -d 'Print the object, a tree as ls-tree does'
complete -c memsync -n "__fish_memsync_using_subcommand cat-file" -s e -d 'Print nothing, and exit with 1 if there is no such object'
complete -c memsync -n "__fish_memsync_using_subcommand cat-file" -l batch -d 'For each name on stdin print id, type, size and, on the next lines, the object'
complete -c memsync -n "__fish_memsync_using_subcommand cat-file" -l batch-check -d 'For each name on stdin print id, type and size'
complete -c memsync -n "__fish_memsync_using_subcommand cat-file" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand cat-file" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand cat-file" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand cat-file" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand ls-tree" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand ls-tree" -s r -d 'Go into subtrees'
complete -c memsync -n "__fish_memsync_using_subcommand ls-tree" -l name-only -l name-status -d 'Print only the paths'
complete -c memsync -n "__fish_memsync_using_subcommand ls-tree" -s z -d 'End each line with NUL, and leave every path as it is'
complete -c memsync -n "__fish_memsync_using_subcommand ls-tree" -l keys -d 'Print a memory\'s hash instead of its path'
complete -c memsync -n "__fish_memsync_using_subcommand ls-tree" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand ls-tree" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand ls-tree" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand ls-tree" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand diff-tree" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand diff-tree" -s r -d 'Go into subtrees'
complete -c memsync -n "__fish_memsync_using_subcommand diff-tree" -l name-only -d 'Print only the paths'
complete -c memsync -n "__fish_memsync_using_subcommand diff-tree" -l name-status -d 'Print only letters and paths'
complete -c memsync -n "__fish_memsync_using_subcommand diff-tree" -l exit-code -d 'Exit with 1 if there are differences'
complete -c memsync -n "__fish_memsync_using_subcommand diff-tree" -s z -d 'End each line with NUL, and leave every path as it is'
complete -c memsync -n "__fish_memsync_using_subcommand diff-tree" -l keys -d 'Print a memory\'s hash instead of its path'
complete -c memsync -n "__fish_memsync_using_subcommand diff-tree" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand diff-tree" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand diff-tree" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand diff-tree" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand hash-object" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand hash-object" -s w -d 'Keep the text in the staging database'
complete -c memsync -n "__fish_memsync_using_subcommand hash-object" -l stdin -d 'Read one text from stdin, before the files'
complete -c memsync -n "__fish_memsync_using_subcommand hash-object" -l literally -d 'Compute the id of any bytes'
complete -c memsync -n "__fish_memsync_using_subcommand hash-object" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand hash-object" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand hash-object" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand hash-object" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand write-tree" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand write-tree" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand write-tree" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand write-tree" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand write-tree" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand rev-parse" -l short -d 'Print as few digits as name one object, and at least so many' -r
complete -c memsync -n "__fish_memsync_using_subcommand rev-parse" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand rev-parse" -l verify -d 'Take exactly one name; with --quiet, say nothing where it leads nowhere, and exit with 1'
complete -c memsync -n "__fish_memsync_using_subcommand rev-parse" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand rev-parse" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand rev-parse" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand rev-parse" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand show-ref" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand show-ref" -l heads -l branches -d 'Only refs below refs/heads'
complete -c memsync -n "__fish_memsync_using_subcommand show-ref" -l head -d 'Also HEAD, the last sync with the default remote'
complete -c memsync -n "__fish_memsync_using_subcommand show-ref" -l hash -d 'Print only the ids'
complete -c memsync -n "__fish_memsync_using_subcommand show-ref" -l verify -d 'Take patterns as full names'
complete -c memsync -n "__fish_memsync_using_subcommand show-ref" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand show-ref" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand show-ref" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand show-ref" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand for-each-ref" -l format -d 'What to print of each: text with %(FIELD), %% and %XX for a byte' -r
complete -c memsync -n "__fish_memsync_using_subcommand for-each-ref" -l count -d 'Stop after so many' -r
complete -c memsync -n "__fish_memsync_using_subcommand for-each-ref" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand for-each-ref" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand for-each-ref" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand for-each-ref" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand for-each-ref" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand fast-export" -l color -d 'When to use colours: auto, always or never' -r -f -a "auto\t'On terminals that can show them, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c memsync -n "__fish_memsync_using_subcommand fast-export" -l all -d 'The syncs with every remote, each on a branch of its name'
complete -c memsync -n "__fish_memsync_using_subcommand fast-export" -s q -l quiet -d 'Say only warnings and errors'
complete -c memsync -n "__fish_memsync_using_subcommand fast-export" -s v -l verbose -d 'Say each step; twice or three times for the details of a bug report'
complete -c memsync -n "__fish_memsync_using_subcommand fast-export" -l no-pager -d 'Print long output without a pager'
complete -c memsync -n "__fish_memsync_using_subcommand fast-export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "init" -d 'Prepare this device for syncing, or make this the server'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "status" -d 'Show what has changed since the last sync'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "diff" -d 'Show changes since the last sync, field by field'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "sync" -d 'Bring this device and the server into agreement'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "stash" -d 'Record this device\'s changes in the staging database'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "fetch" -d 'Learn what the server holds now, and change nothing'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "pull" -d 'Bring the server\'s changes to this device'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "apply" -d 'Apply the server\'s fetched changes to this device'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "push" -d 'Bring this device\'s changes to the server'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "checkout" -d 'Decide conflicts for one side'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "merge" -d 'Merge what was fetched, and end conflicts by a rule'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "mergetool" -d 'End conflicts one by one, with both versions in view'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "conflicts" -d 'List the conflicts, with base, ours and theirs'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "resolve" -d 'End conflicts with answers in JSON'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "restore" -d 'Bring memories back as they were at a sync'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "undo" -d 'Take back what a sync did'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "log" -d 'Show the syncs of this device, newest first'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "show" -d 'Show a sync, a memory, or a memory as it was'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "reflog" -d 'Show where a ref has been, newest first'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "explain" -d 'Tell one memory\'s whole story'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "digest" -d 'Print one short code for the synced memories'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "embed" -d 'Show, make and check the vectors that memories are found by'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "config" -d 'Show and change settings'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "remote" -d 'Show and change the servers and files to sync with'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "serve" -d 'Be the server that devices sync with'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "demo" -d 'Play the whole story on this machine, and change nothing'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "completions" -d 'Print the completions for a shell'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "man" -d 'Show the manual page of memsync or of one command'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "fsck" -d 'Check the objects, the refs and the local database'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "gc" -d 'Pack the objects, and drop what nothing needs'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "cat-file" -d 'Print an object, its type or its size'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "ls-tree" -d 'List the memories of a tree'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "diff-tree" -d 'Compare two trees'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "hash-object" -d 'Compute the id of a memory\'s text, and keep it'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "write-tree" -d 'Keep this device\'s memories as a tree'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "rev-parse" -d 'Print the ids that names lead to'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "show-ref" -d 'List refs'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "for-each-ref" -d 'Print something about each ref'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "fast-export" -d 'Print the history for git fast-import'
complete -c memsync -n "__fish_memsync_using_subcommand help; and not __fish_seen_subcommand_from init status diff sync stash fetch pull apply push checkout merge mergetool conflicts resolve restore undo log show reflog explain digest embed config remote serve demo completions man fsck gc cat-file ls-tree diff-tree hash-object write-tree rev-parse show-ref for-each-ref fast-export help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c memsync -n "__fish_memsync_using_subcommand help; and __fish_seen_subcommand_from remote" -f -a "add" -d 'Add a server or a file'
complete -c memsync -n "__fish_memsync_using_subcommand help; and __fish_seen_subcommand_from remote" -f -a "list" -d 'List them; with -v also their addresses and how each server is trusted'
complete -c memsync -n "__fish_memsync_using_subcommand help; and __fish_seen_subcommand_from remote" -f -a "set-url" -d 'Change an address'
complete -c memsync -n "__fish_memsync_using_subcommand help; and __fish_seen_subcommand_from remote" -f -a "remove" -d 'Forget a remote, with all its settings'
complete -c memsync -n "__fish_memsync_using_subcommand help; and __fish_seen_subcommand_from remote" -f -a "trust" -d 'Trust exactly one certificate of a server'
