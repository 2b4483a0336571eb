
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'memsync' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'memsync'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'memsync' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Prepare this device for syncing, or make this the server')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show what has changed since the last sync')
            [CompletionResult]::new('st', 'st', [CompletionResultType]::ParameterValue, 'Show what has changed since the last sync')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Show changes since the last sync, field by field')
            [CompletionResult]::new('sync', 'sync', [CompletionResultType]::ParameterValue, 'Bring this device and the server into agreement')
            [CompletionResult]::new('full', 'full', [CompletionResultType]::ParameterValue, 'Bring this device and the server into agreement')
            [CompletionResult]::new('stash', 'stash', [CompletionResultType]::ParameterValue, 'Record this device''s changes in the staging database')
            [CompletionResult]::new('fetch', 'fetch', [CompletionResultType]::ParameterValue, 'Learn what the server holds now, and change nothing')
            [CompletionResult]::new('pull', 'pull', [CompletionResultType]::ParameterValue, 'Bring the server''s changes to this device')
            [CompletionResult]::new('apply', 'apply', [CompletionResultType]::ParameterValue, 'Apply the server''s fetched changes to this device')
            [CompletionResult]::new('push', 'push', [CompletionResultType]::ParameterValue, 'Bring this device''s changes to the server')
            [CompletionResult]::new('checkout', 'checkout', [CompletionResultType]::ParameterValue, 'Decide conflicts for one side')
            [CompletionResult]::new('merge', 'merge', [CompletionResultType]::ParameterValue, 'Merge what was fetched, and end conflicts by a rule')
            [CompletionResult]::new('mergetool', 'mergetool', [CompletionResultType]::ParameterValue, 'End conflicts one by one, with both versions in view')
            [CompletionResult]::new('conflicts', 'conflicts', [CompletionResultType]::ParameterValue, 'List the conflicts, with base, ours and theirs')
            [CompletionResult]::new('resolve', 'resolve', [CompletionResultType]::ParameterValue, 'End conflicts with answers in JSON')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Bring memories back as they were at a sync')
            [CompletionResult]::new('undo', 'undo', [CompletionResultType]::ParameterValue, 'Take back what a sync did')
            [CompletionResult]::new('log', 'log', [CompletionResultType]::ParameterValue, 'Show the syncs of this device, newest first')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a sync, a memory, or a memory as it was')
            [CompletionResult]::new('reflog', 'reflog', [CompletionResultType]::ParameterValue, 'Show where a ref has been, newest first')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Tell one memory''s whole story')
            [CompletionResult]::new('digest', 'digest', [CompletionResultType]::ParameterValue, 'Print one short code for the synced memories')
            [CompletionResult]::new('embed', 'embed', [CompletionResultType]::ParameterValue, 'Show, make and check the vectors that memories are found by')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'Show and change settings')
            [CompletionResult]::new('remote', 'remote', [CompletionResultType]::ParameterValue, 'Show and change the servers and files to sync with')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Be the server that devices sync with')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Play the whole story on this machine, and change nothing')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completions for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Show the manual page of memsync or of one command')
            [CompletionResult]::new('fsck', 'fsck', [CompletionResultType]::ParameterValue, 'Check the objects, the refs and the local database')
            [CompletionResult]::new('gc', 'gc', [CompletionResultType]::ParameterValue, 'Pack the objects, and drop what nothing needs')
            [CompletionResult]::new('cat-file', 'cat-file', [CompletionResultType]::ParameterValue, 'Print an object, its type or its size')
            [CompletionResult]::new('ls-tree', 'ls-tree', [CompletionResultType]::ParameterValue, 'List the memories of a tree')
            [CompletionResult]::new('diff-tree', 'diff-tree', [CompletionResultType]::ParameterValue, 'Compare two trees')
            [CompletionResult]::new('hash-object', 'hash-object', [CompletionResultType]::ParameterValue, 'Compute the id of a memory''s text, and keep it')
            [CompletionResult]::new('write-tree', 'write-tree', [CompletionResultType]::ParameterValue, 'Keep this device''s memories as a tree')
            [CompletionResult]::new('rev-parse', 'rev-parse', [CompletionResultType]::ParameterValue, 'Print the ids that names lead to')
            [CompletionResult]::new('show-ref', 'show-ref', [CompletionResultType]::ParameterValue, 'List refs')
            [CompletionResult]::new('for-each-ref', 'for-each-ref', [CompletionResultType]::ParameterValue, 'Print something about each ref')
            [CompletionResult]::new('fast-export', 'fast-export', [CompletionResultType]::ParameterValue, 'Print the history for git fast-import')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'memsync;init' {
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The service''s database on this device, kept as core.database; with --server, the server''s own')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The service''s database on this device, kept as core.database; with --server, the server''s own')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'The file with the server''s API key, which only you may read')
            [CompletionResult]::new('--trust', '--trust', [CompletionResultType]::ParameterName, 'The SHA-256 of the one certificate that the server may show, as memsync remote trust takes it')
            [CompletionResult]::new('--import-staging', '--import-staging', [CompletionResultType]::ParameterName, 'A staging database of the sync scripts of mcp-memory-service, whose changes are taken over; it is only read')
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Where the server listens; 0.0.0.0:8443 is every address of this machine [default: 127.0.0.1:8000]')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'Make a certificate, and let nobody listen in')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Prepare this machine as the central server')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;status' {
            [CompletionResult]::new('--porcelain', '--porcelain', [CompletionResultType]::ParameterName, 'Print one line for each memory, in a form that never changes')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Only memories with this tag (may be repeated: any of them)')
            [CompletionResult]::new('--type', '--type', [CompletionResultType]::ParameterName, 'Only memories of this type (may be repeated: any of them)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Only memories in this store (may be repeated: any of them)')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only memories made at or after this time: ''2025-01-31'', ''2025-01-31T12:00:00Z'', ''2 weeks ago''')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('-z', '-z', [CompletionResultType]::ParameterName, 'End lines with NUL and leave text as it is; implies --porcelain')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print everything as JSON')
            [CompletionResult]::new('--exit-code', '--exit-code', [CompletionResultType]::ParameterName, 'Exit with 1 if there is anything to sync')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;st' {
            [CompletionResult]::new('--porcelain', '--porcelain', [CompletionResultType]::ParameterName, 'Print one line for each memory, in a form that never changes')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Only memories with this tag (may be repeated: any of them)')
            [CompletionResult]::new('--type', '--type', [CompletionResultType]::ParameterName, 'Only memories of this type (may be repeated: any of them)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Only memories in this store (may be repeated: any of them)')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only memories made at or after this time: ''2025-01-31'', ''2025-01-31T12:00:00Z'', ''2 weeks ago''')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('-z', '-z', [CompletionResultType]::ParameterName, 'End lines with NUL and leave text as it is; implies --porcelain')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print everything as JSON')
            [CompletionResult]::new('--exit-code', '--exit-code', [CompletionResultType]::ParameterName, 'Exit with 1 if there is anything to sync')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;diff' {
            [CompletionResult]::new('-M', '-M ', [CompletionResultType]::ParameterName, 'Show a deleted and a new memory as one that was edited where their texts are this much alike [default: 50 %]')
            [CompletionResult]::new('--find-edits', '--find-edits', [CompletionResultType]::ParameterName, 'Show a deleted and a new memory as one that was edited where their texts are this much alike [default: 50 %]')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Only memories with this tag (may be repeated: any of them)')
            [CompletionResult]::new('--type', '--type', [CompletionResultType]::ParameterName, 'Only memories of this type (may be repeated: any of them)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Only memories in this store (may be repeated: any of them)')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only memories made at or after this time: ''2025-01-31'', ''2025-01-31T12:00:00Z'', ''2 weeks ago''')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('--remote', '--remote', [CompletionResultType]::ParameterName, 'Show the server''s changes instead of this device''s')
            [CompletionResult]::new('--word-diff', '--word-diff', [CompletionResultType]::ParameterName, 'Mark the words that changed in a text, instead of its lines')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the differences as JSON')
            [CompletionResult]::new('--exit-code', '--exit-code', [CompletionResultType]::ParameterName, 'Exit with 1 if there are differences')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;sync' {
            [CompletionResult]::new('--allow-plan', '--allow-plan', [CompletionResultType]::ParameterName, 'Let exactly the plan with this id through the brakes')
            [CompletionResult]::new('-X', '-X ', [CompletionResultType]::ParameterName, 'Settle what both sides changed, instead of leaving it as a conflict')
            [CompletionResult]::new('--strategy-option', '--strategy-option', [CompletionResultType]::ParameterName, 'Settle what both sides changed, instead of leaving it as a conflict')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Only memories with this tag (may be repeated: any of them)')
            [CompletionResult]::new('--type', '--type', [CompletionResultType]::ParameterName, 'Only memories of this type (may be repeated: any of them)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Only memories in this store (may be repeated: any of them)')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only memories made at or after this time: ''2025-01-31'', ''2025-01-31T12:00:00Z'', ''2 weeks ago''')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print the plan and change nothing')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the result (or, with --dry-run, the plan) as JSON')
            [CompletionResult]::new('--no-dedup', '--no-dedup', [CompletionResultType]::ParameterName, 'Send memories even if the server holds a similar one')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;full' {
            [CompletionResult]::new('--allow-plan', '--allow-plan', [CompletionResultType]::ParameterName, 'Let exactly the plan with this id through the brakes')
            [CompletionResult]::new('-X', '-X ', [CompletionResultType]::ParameterName, 'Settle what both sides changed, instead of leaving it as a conflict')
            [CompletionResult]::new('--strategy-option', '--strategy-option', [CompletionResultType]::ParameterName, 'Settle what both sides changed, instead of leaving it as a conflict')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Only memories with this tag (may be repeated: any of them)')
            [CompletionResult]::new('--type', '--type', [CompletionResultType]::ParameterName, 'Only memories of this type (may be repeated: any of them)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Only memories in this store (may be repeated: any of them)')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only memories made at or after this time: ''2025-01-31'', ''2025-01-31T12:00:00Z'', ''2 weeks ago''')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print the plan and change nothing')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the result (or, with --dry-run, the plan) as JSON')
            [CompletionResult]::new('--no-dedup', '--no-dedup', [CompletionResultType]::ParameterName, 'Send memories even if the server holds a similar one')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;stash' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print what would be recorded and change nothing')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;fetch' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;pull' {
            [CompletionResult]::new('--allow-plan', '--allow-plan', [CompletionResultType]::ParameterName, 'Let exactly the plan with this id through the brakes')
            [CompletionResult]::new('-X', '-X ', [CompletionResultType]::ParameterName, 'Settle what both sides changed, instead of leaving it as a conflict')
            [CompletionResult]::new('--strategy-option', '--strategy-option', [CompletionResultType]::ParameterName, 'Settle what both sides changed, instead of leaving it as a conflict')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Only memories with this tag (may be repeated: any of them)')
            [CompletionResult]::new('--type', '--type', [CompletionResultType]::ParameterName, 'Only memories of this type (may be repeated: any of them)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Only memories in this store (may be repeated: any of them)')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only memories made at or after this time: ''2025-01-31'', ''2025-01-31T12:00:00Z'', ''2 weeks ago''')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print the plan and change nothing')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the result (or, with --dry-run, the plan) as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;apply' {
            [CompletionResult]::new('--allow-plan', '--allow-plan', [CompletionResultType]::ParameterName, 'Let exactly the plan with this id through the brakes')
            [CompletionResult]::new('-X', '-X ', [CompletionResultType]::ParameterName, 'Settle what both sides changed, instead of leaving it as a conflict')
            [CompletionResult]::new('--strategy-option', '--strategy-option', [CompletionResultType]::ParameterName, 'Settle what both sides changed, instead of leaving it as a conflict')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Only memories with this tag (may be repeated: any of them)')
            [CompletionResult]::new('--type', '--type', [CompletionResultType]::ParameterName, 'Only memories of this type (may be repeated: any of them)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Only memories in this store (may be repeated: any of them)')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only memories made at or after this time: ''2025-01-31'', ''2025-01-31T12:00:00Z'', ''2 weeks ago''')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print the plan and change nothing')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the result (or, with --dry-run, the plan) as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;push' {
            [CompletionResult]::new('--allow-plan', '--allow-plan', [CompletionResultType]::ParameterName, 'Let exactly the plan with this id through the brakes')
            [CompletionResult]::new('-X', '-X ', [CompletionResultType]::ParameterName, 'Settle what both sides changed, instead of leaving it as a conflict')
            [CompletionResult]::new('--strategy-option', '--strategy-option', [CompletionResultType]::ParameterName, 'Settle what both sides changed, instead of leaving it as a conflict')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Only memories with this tag (may be repeated: any of them)')
            [CompletionResult]::new('--type', '--type', [CompletionResultType]::ParameterName, 'Only memories of this type (may be repeated: any of them)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Only memories in this store (may be repeated: any of them)')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only memories made at or after this time: ''2025-01-31'', ''2025-01-31T12:00:00Z'', ''2 weeks ago''')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print the plan and change nothing')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the result (or, with --dry-run, the plan) as JSON')
            [CompletionResult]::new('--no-dedup', '--no-dedup', [CompletionResultType]::ParameterName, 'Send memories even if the server holds a similar one')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;checkout' {
            [CompletionResult]::new('--field', '--field', [CompletionResultType]::ParameterName, 'Decide these fields only, as `memsync conflicts` names them; ''metadata'' and ''meta.a'' mean what is below them too')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('--ours', '--ours', [CompletionResultType]::ParameterName, 'Take this device''s version')
            [CompletionResult]::new('--local', '--local', [CompletionResultType]::ParameterName, 'Take this device''s version')
            [CompletionResult]::new('--theirs', '--theirs', [CompletionResultType]::ParameterName, 'Take the server''s version')
            [CompletionResult]::new('--remote', '--remote', [CompletionResultType]::ParameterName, 'Take the server''s version')
            [CompletionResult]::new('--base', '--base', [CompletionResultType]::ParameterName, 'Take what both sides held when they last agreed')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Every conflict that waits for a decision')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;merge' {
            [CompletionResult]::new('--allow-plan', '--allow-plan', [CompletionResultType]::ParameterName, 'Let exactly the plan with this id through the brakes')
            [CompletionResult]::new('-X', '-X ', [CompletionResultType]::ParameterName, 'Settle what both sides changed, instead of leaving it as a conflict')
            [CompletionResult]::new('--strategy-option', '--strategy-option', [CompletionResultType]::ParameterName, 'Settle what both sides changed, instead of leaving it as a conflict')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Only memories with this tag (may be repeated: any of them)')
            [CompletionResult]::new('--type', '--type', [CompletionResultType]::ParameterName, 'Only memories of this type (may be repeated: any of them)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Only memories in this store (may be repeated: any of them)')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only memories made at or after this time: ''2025-01-31'', ''2025-01-31T12:00:00Z'', ''2 weeks ago''')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print the plan and change nothing')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the result (or, with --dry-run, the plan) as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;mergetool' {
            [CompletionResult]::new('--tool', '--tool', [CompletionResultType]::ParameterName, 'Merge with this program: a name from mergetool.NAME.cmd, or a command that finds files in $BASE, $LOCAL, $REMOTE and $MERGED')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('--edit', '--edit', [CompletionResultType]::ParameterName, 'Merge in your editor ($VISUAL, else $EDITOR, else vi)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;conflicts' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print them as JSON, with base, ours and theirs as whole memories')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;resolve' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print what was done as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;restore' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Where they come from: a sync, or a snapshot of this device or of the server')
            [CompletionResult]::new('--source', '--source', [CompletionResultType]::ParameterName, 'Where they come from: a sync, or a snapshot of this device or of the server')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Every memory that the commit holds')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print what would come back and change nothing')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the result (or, with --dry-run, the plan) as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;undo' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('--remote', '--remote', [CompletionResultType]::ParameterName, 'Also take back what it did on the server, except to memories that were changed there since')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print what would be taken back and change nothing')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the result (or, with --dry-run, the plan) as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;log' {
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Show at most this many')
            [CompletionResult]::new('--max-count', '--max-count', [CompletionResultType]::ParameterName, 'Show at most this many')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only those at or after this time: ''2025-01-31'', ''yesterday'', ''2 weeks ago''')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Only those at or before this time')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('--oneline', '--oneline', [CompletionResultType]::ParameterName, 'One line for each')
            [CompletionResult]::new('--graph', '--graph', [CompletionResultType]::ParameterName, 'Draw the syncs with the snapshots that they were made from')
            [CompletionResult]::new('--stat', '--stat', [CompletionResultType]::ParameterName, 'List the memories that each one changed')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print them as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;show' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print it as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;reflog' {
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Show at most this many')
            [CompletionResult]::new('--max-count', '--max-count', [CompletionResultType]::ParameterName, 'Show at most this many')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print them as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;explain' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print it as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;digest' {
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'Read a database file instead: on the server''s machine, that of the service or of memsync serve')
            [CompletionResult]::new('--tree', '--tree', [CompletionResultType]::ParameterName, 'Print a code for each next digit of the hashes that begin with PREFIX, and at the end the memories')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;embed' {
            [CompletionResult]::new('--verify', '--verify', [CompletionResultType]::ParameterName, 'Compare vectors with those that their texts would get now: of N memories, or of all [default: 100]')
            [CompletionResult]::new('--model', '--model', [CompletionResultType]::ParameterName, 'With --all: by what: a model''s name, a folder with one, ''hash'', ''endpoint'' [default: what the service would use]')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'Work on another database file, such as that of memsync serve')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('--missing', '--missing', [CompletionResultType]::ParameterName, 'Make the vectors that are missing')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Make all vectors anew, also of another model or size')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'With --all: do not ask')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'With --all: do not ask')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the result as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;config' {
            [CompletionResult]::new('--unset', '--unset', [CompletionResultType]::ParameterName, 'Take a setting away, with all its values')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('--global', '--global', [CompletionResultType]::ParameterName, 'Use the global file only')
            [CompletionResult]::new('--local', '--local', [CompletionResultType]::ParameterName, 'Use the file beside the staging database only; that is where changes go by default')
            [CompletionResult]::new('-l', '-l', [CompletionResultType]::ParameterName, 'Print every setting that the files hold, as NAME=VALUE')
            [CompletionResult]::new('--list', '--list', [CompletionResultType]::ParameterName, 'Print every setting that the files hold, as NAME=VALUE')
            [CompletionResult]::new('--add', '--add', [CompletionResultType]::ParameterName, 'Add a value to a setting that may have several, instead of replacing it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;remote' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add a server or a file')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List them; with -v also their addresses and how each server is trusted')
            [CompletionResult]::new('set-url', 'set-url', [CompletionResultType]::ParameterValue, 'Change an address')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Forget a remote, with all its settings')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'Forget a remote, with all its settings')
            [CompletionResult]::new('trust', 'trust', [CompletionResultType]::ParameterValue, 'Trust exactly one certificate of a server')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'memsync;remote;add' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;remote;list' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'memsync;remote;set-url' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;remote;remove' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'memsync;remote;rm' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'memsync;remote;trust' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;remote;help' {
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add a server or a file')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List them; with -v also their addresses and how each server is trusted')
            [CompletionResult]::new('set-url', 'set-url', [CompletionResultType]::ParameterValue, 'Change an address')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Forget a remote, with all its settings')
            [CompletionResult]::new('trust', 'trust', [CompletionResultType]::ParameterValue, 'Trust exactly one certificate of a server')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'memsync;remote;help;add' {
            break
        }
        'memsync;remote;help;list' {
            break
        }
        'memsync;remote;help;set-url' {
            break
        }
        'memsync;remote;help;remove' {
            break
        }
        'memsync;remote;help;trust' {
            break
        }
        'memsync;remote;help;help' {
            break
        }
        'memsync;serve' {
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The database [default: the one that the service uses]')
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Where to listen; port 0 takes a free one, 0.0.0.0 is every network')
            [CompletionResult]::new('--api-key-file', '--api-key-file', [CompletionResultType]::ParameterName, 'The file with the API key, readable by you alone [default: the key of the environment, else the file beside the database]')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'Encrypt, with a certificate that is made on first use and kept beside the database')
            [CompletionResult]::new('--tls-cert', '--tls-cert', [CompletionResultType]::ParameterName, 'Encrypt with the certificate in this PEM file')
            [CompletionResult]::new('--tls-key', '--tls-key', [CompletionResultType]::ParameterName, 'The private key of that certificate')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('--insecure-no-tls', '--insecure-no-tls', [CompletionResultType]::ParameterName, 'Answer other devices without TLS: whoever can listen on the way reads the API key and every memory')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;demo' {
            [CompletionResult]::new('--keep', '--keep', [CompletionResultType]::ParameterName, 'A new folder for the databases of the server and both devices, which then stays')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;completions' {
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write a file for the shell, or for every shell, into this folder instead')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;man' {
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write every page into this folder instead')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;fsck' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('--connectivity-only', '--connectivity-only', [CompletionResultType]::ParameterName, 'Only look whether everything is there that something leads to, in the staging database')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print what was found as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;gc' {
            [CompletionResult]::new('--prune', '--prune', [CompletionResultType]::ParameterName, 'Drop what nothing needs and was not used since: ''2 weeks ago'', ''2025-01-31'', ''now'' [default: 90 days ago]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('--no-prune', '--no-prune', [CompletionResultType]::ParameterName, 'Drop no object and no vector')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Say what would be done, and change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what would be done, and change nothing')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;cat-file' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('-t', '-t', [CompletionResultType]::ParameterName, 'Print the object''s type')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Print the object''s size in bytes')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Print the object, a tree as ls-tree does')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'Print nothing, and exit with 1 if there is no such object')
            [CompletionResult]::new('--batch', '--batch', [CompletionResultType]::ParameterName, 'For each name on stdin print id, type, size and, on the next lines, the object')
            [CompletionResult]::new('--batch-check', '--batch-check', [CompletionResultType]::ParameterName, 'For each name on stdin print id, type and size')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;ls-tree' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Go into subtrees')
            [CompletionResult]::new('--name-only', '--name-only', [CompletionResultType]::ParameterName, 'Print only the paths')
            [CompletionResult]::new('--name-status', '--name-status', [CompletionResultType]::ParameterName, 'Print only the paths')
            [CompletionResult]::new('-z', '-z', [CompletionResultType]::ParameterName, 'End each line with NUL, and leave every path as it is')
            [CompletionResult]::new('--keys', '--keys', [CompletionResultType]::ParameterName, 'Print a memory''s hash instead of its path')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;diff-tree' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Go into subtrees')
            [CompletionResult]::new('--name-only', '--name-only', [CompletionResultType]::ParameterName, 'Print only the paths')
            [CompletionResult]::new('--name-status', '--name-status', [CompletionResultType]::ParameterName, 'Print only letters and paths')
            [CompletionResult]::new('--exit-code', '--exit-code', [CompletionResultType]::ParameterName, 'Exit with 1 if there are differences')
            [CompletionResult]::new('-z', '-z', [CompletionResultType]::ParameterName, 'End each line with NUL, and leave every path as it is')
            [CompletionResult]::new('--keys', '--keys', [CompletionResultType]::ParameterName, 'Print a memory''s hash instead of its path')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;hash-object' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Keep the text in the staging database')
            [CompletionResult]::new('--stdin', '--stdin', [CompletionResultType]::ParameterName, 'Read one text from stdin, before the files')
            [CompletionResult]::new('--literally', '--literally', [CompletionResultType]::ParameterName, 'Compute the id of any bytes')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;write-tree' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;rev-parse' {
            [CompletionResult]::new('--short', '--short', [CompletionResultType]::ParameterName, 'Print as few digits as name one object, and at least so many')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('--verify', '--verify', [CompletionResultType]::ParameterName, 'Take exactly one name; with --quiet, say nothing where it leads nowhere, and exit with 1')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;show-ref' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('--heads', '--heads', [CompletionResultType]::ParameterName, 'Only refs below refs/heads')
            [CompletionResult]::new('--branches', '--branches', [CompletionResultType]::ParameterName, 'Only refs below refs/heads')
            [CompletionResult]::new('--head', '--head', [CompletionResultType]::ParameterName, 'Also HEAD, the last sync with the default remote')
            [CompletionResult]::new('--hash', '--hash', [CompletionResultType]::ParameterName, 'Print only the ids')
            [CompletionResult]::new('--verify', '--verify', [CompletionResultType]::ParameterName, 'Take patterns as full names')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;for-each-ref' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What to print of each: text with %(FIELD), %% and %XX for a byte')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Stop after so many')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;fast-export' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours: auto, always or never')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'The syncs with every remote, each on a branch of its name')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say each step; twice or three times for the details of a bug report')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Print long output without a pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'memsync;help' {
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Prepare this device for syncing, or make this the server')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show what has changed since the last sync')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Show changes since the last sync, field by field')
            [CompletionResult]::new('sync', 'sync', [CompletionResultType]::ParameterValue, 'Bring this device and the server into agreement')
            [CompletionResult]::new('stash', 'stash', [CompletionResultType]::ParameterValue, 'Record this device''s changes in the staging database')
            [CompletionResult]::new('fetch', 'fetch', [CompletionResultType]::ParameterValue, 'Learn what the server holds now, and change nothing')
            [CompletionResult]::new('pull', 'pull', [CompletionResultType]::ParameterValue, 'Bring the server''s changes to this device')
            [CompletionResult]::new('apply', 'apply', [CompletionResultType]::ParameterValue, 'Apply the server''s fetched changes to this device')
            [CompletionResult]::new('push', 'push', [CompletionResultType]::ParameterValue, 'Bring this device''s changes to the server')
            [CompletionResult]::new('checkout', 'checkout', [CompletionResultType]::ParameterValue, 'Decide conflicts for one side')
            [CompletionResult]::new('merge', 'merge', [CompletionResultType]::ParameterValue, 'Merge what was fetched, and end conflicts by a rule')
            [CompletionResult]::new('mergetool', 'mergetool', [CompletionResultType]::ParameterValue, 'End conflicts one by one, with both versions in view')
            [CompletionResult]::new('conflicts', 'conflicts', [CompletionResultType]::ParameterValue, 'List the conflicts, with base, ours and theirs')
            [CompletionResult]::new('resolve', 'resolve', [CompletionResultType]::ParameterValue, 'End conflicts with answers in JSON')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Bring memories back as they were at a sync')
            [CompletionResult]::new('undo', 'undo', [CompletionResultType]::ParameterValue, 'Take back what a sync did')
            [CompletionResult]::new('log', 'log', [CompletionResultType]::ParameterValue, 'Show the syncs of this device, newest first')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a sync, a memory, or a memory as it was')
            [CompletionResult]::new('reflog', 'reflog', [CompletionResultType]::ParameterValue, 'Show where a ref has been, newest first')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Tell one memory''s whole story')
            [CompletionResult]::new('digest', 'digest', [CompletionResultType]::ParameterValue, 'Print one short code for the synced memories')
            [CompletionResult]::new('embed', 'embed', [CompletionResultType]::ParameterValue, 'Show, make and check the vectors that memories are found by')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'Show and change settings')
            [CompletionResult]::new('remote', 'remote', [CompletionResultType]::ParameterValue, 'Show and change the servers and files to sync with')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Be the server that devices sync with')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Play the whole story on this machine, and change nothing')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completions for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Show the manual page of memsync or of one command')
            [CompletionResult]::new('fsck', 'fsck', [CompletionResultType]::ParameterValue, 'Check the objects, the refs and the local database')
            [CompletionResult]::new('gc', 'gc', [CompletionResultType]::ParameterValue, 'Pack the objects, and drop what nothing needs')
            [CompletionResult]::new('cat-file', 'cat-file', [CompletionResultType]::ParameterValue, 'Print an object, its type or its size')
            [CompletionResult]::new('ls-tree', 'ls-tree', [CompletionResultType]::ParameterValue, 'List the memories of a tree')
            [CompletionResult]::new('diff-tree', 'diff-tree', [CompletionResultType]::ParameterValue, 'Compare two trees')
            [CompletionResult]::new('hash-object', 'hash-object', [CompletionResultType]::ParameterValue, 'Compute the id of a memory''s text, and keep it')
            [CompletionResult]::new('write-tree', 'write-tree', [CompletionResultType]::ParameterValue, 'Keep this device''s memories as a tree')
            [CompletionResult]::new('rev-parse', 'rev-parse', [CompletionResultType]::ParameterValue, 'Print the ids that names lead to')
            [CompletionResult]::new('show-ref', 'show-ref', [CompletionResultType]::ParameterValue, 'List refs')
            [CompletionResult]::new('for-each-ref', 'for-each-ref', [CompletionResultType]::ParameterValue, 'Print something about each ref')
            [CompletionResult]::new('fast-export', 'fast-export', [CompletionResultType]::ParameterValue, 'Print the history for git fast-import')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'memsync;help;init' {
            break
        }
        'memsync;help;status' {
            break
        }
        'memsync;help;diff' {
            break
        }
        'memsync;help;sync' {
            break
        }
        'memsync;help;stash' {
            break
        }
        'memsync;help;fetch' {
            break
        }
        'memsync;help;pull' {
            break
        }
        'memsync;help;apply' {
            break
        }
        'memsync;help;push' {
            break
        }
        'memsync;help;checkout' {
            break
        }
        'memsync;help;merge' {
            break
        }
        'memsync;help;mergetool' {
            break
        }
        'memsync;help;conflicts' {
            break
        }
        'memsync;help;resolve' {
            break
        }
        'memsync;help;restore' {
            break
        }
        'memsync;help;undo' {
            break
        }
        'memsync;help;log' {
            break
        }
        'memsync;help;show' {
            break
        }
        'memsync;help;reflog' {
            break
        }
        'memsync;help;explain' {
            break
        }
        'memsync;help;digest' {
            break
        }
        'memsync;help;embed' {
            break
        }
        'memsync;help;config' {
            break
        }
        'memsync;help;remote' {
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add a server or a file')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List them; with -v also their addresses and how each server is trusted')
            [CompletionResult]::new('set-url', 'set-url', [CompletionResultType]::ParameterValue, 'Change an address')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Forget a remote, with all its settings')
            [CompletionResult]::new('trust', 'trust', [CompletionResultType]::ParameterValue, 'Trust exactly one certificate of a server')
            break
        }
        'memsync;help;remote;add' {
            break
        }
        'memsync;help;remote;list' {
            break
        }
        'memsync;help;remote;set-url' {
            break
        }
        'memsync;help;remote;remove' {
            break
        }
        'memsync;help;remote;trust' {
            break
        }
        'memsync;help;serve' {
            break
        }
        'memsync;help;demo' {
            break
        }
        'memsync;help;completions' {
            break
        }
        'memsync;help;man' {
            break
        }
        'memsync;help;fsck' {
            break
        }
        'memsync;help;gc' {
            break
        }
        'memsync;help;cat-file' {
            break
        }
        'memsync;help;ls-tree' {
            break
        }
        'memsync;help;diff-tree' {
            break
        }
        'memsync;help;hash-object' {
            break
        }
        'memsync;help;write-tree' {
            break
        }
        'memsync;help;rev-parse' {
            break
        }
        'memsync;help;show-ref' {
            break
        }
        'memsync;help;for-each-ref' {
            break
        }
        'memsync;help;fast-export' {
            break
        }
        'memsync;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
