
use builtin;
use str;

set edit:completion:arg-completer[memsync] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'memsync'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'memsync'= {
            cand --color 'When to use colours: auto, always or never'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand init 'Prepare this device for syncing, or make this the server'
            cand status 'Show what has changed since the last sync'
            cand st 'Show what has changed since the last sync'
            cand diff 'Show changes since the last sync, field by field'
            cand sync 'Bring this device and the server into agreement'
            cand full 'Bring this device and the server into agreement'
            cand stash 'Record this device''s changes in the staging database'
            cand fetch 'Learn what the server holds now, and change nothing'
            cand pull 'Bring the server''s changes to this device'
            cand apply 'Apply the server''s fetched changes to this device'
            cand push 'Bring this device''s changes to the server'
            cand checkout 'Decide conflicts for one side'
            cand merge 'Merge what was fetched, and end conflicts by a rule'
            cand mergetool 'End conflicts one by one, with both versions in view'
            cand conflicts 'List the conflicts, with base, ours and theirs'
            cand resolve 'End conflicts with answers in JSON'
            cand restore 'Bring memories back as they were at a sync'
            cand undo 'Take back what a sync did'
            cand log 'Show the syncs of this device, newest first'
            cand show 'Show a sync, a memory, or a memory as it was'
            cand reflog 'Show where a ref has been, newest first'
            cand explain 'Tell one memory''s whole story'
            cand digest 'Print one short code for the synced memories'
            cand embed 'Show, make and check the vectors that memories are found by'
            cand config 'Show and change settings'
            cand remote 'Show and change the servers and files to sync with'
            cand serve 'Be the server that devices sync with'
            cand demo 'Play the whole story on this machine, and change nothing'
            cand completions 'Print the completions for a shell'
            cand man 'Show the manual page of memsync or of one command'
            cand fsck 'Check the objects, the refs and the local database'
            cand gc 'Pack the objects, and drop what nothing needs'
            cand cat-file 'Print an object, its type or its size'
            cand ls-tree 'List the memories of a tree'
            cand diff-tree 'Compare two trees'
            cand hash-object 'Compute the id of a memory''s text, and keep it'
            cand write-tree 'Keep this device''s memories as a tree'
            cand rev-parse 'Print the ids that names lead to'
            cand show-ref 'List refs'
            cand for-each-ref 'Print something about each ref'
            cand fast-export 'Print the history for git fast-import'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'memsync;init'= {
            cand --database 'The service''s database on this device, kept as core.database; with --server, the server''s own'
            cand --db 'The service''s database on this device, kept as core.database; with --server, the server''s own'
            cand --key-file 'The file with the server''s API key, which only you may read'
            cand --trust 'The SHA-256 of the one certificate that the server may show, as memsync remote trust takes it'
            cand --import-staging 'A staging database of the sync scripts of mcp-memory-service, whose changes are taken over; it is only read'
            cand --listen 'Where the server listens; 0.0.0.0:8443 is every address of this machine [default: 127.0.0.1:8000]'
            cand --tls 'Make a certificate, and let nobody listen in'
            cand --color 'When to use colours: auto, always or never'
            cand --server 'Prepare this machine as the central server'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;status'= {
            cand --porcelain 'Print one line for each memory, in a form that never changes'
            cand --tag 'Only memories with this tag (may be repeated: any of them)'
            cand --type 'Only memories of this type (may be repeated: any of them)'
            cand --store 'Only memories in this store (may be repeated: any of them)'
            cand --since 'Only memories made at or after this time: ''2025-01-31'', ''2025-01-31T12:00:00Z'', ''2 weeks ago'''
            cand --color 'When to use colours: auto, always or never'
            cand -z 'End lines with NUL and leave text as it is; implies --porcelain'
            cand --json 'Print everything as JSON'
            cand --exit-code 'Exit with 1 if there is anything to sync'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;st'= {
            cand --porcelain 'Print one line for each memory, in a form that never changes'
            cand --tag 'Only memories with this tag (may be repeated: any of them)'
            cand --type 'Only memories of this type (may be repeated: any of them)'
            cand --store 'Only memories in this store (may be repeated: any of them)'
            cand --since 'Only memories made at or after this time: ''2025-01-31'', ''2025-01-31T12:00:00Z'', ''2 weeks ago'''
            cand --color 'When to use colours: auto, always or never'
            cand -z 'End lines with NUL and leave text as it is; implies --porcelain'
            cand --json 'Print everything as JSON'
            cand --exit-code 'Exit with 1 if there is anything to sync'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;diff'= {
            cand -M 'Show a deleted and a new memory as one that was edited where their texts are this much alike [default: 50 %]'
            cand --find-edits 'Show a deleted and a new memory as one that was edited where their texts are this much alike [default: 50 %]'
            cand --tag 'Only memories with this tag (may be repeated: any of them)'
            cand --type 'Only memories of this type (may be repeated: any of them)'
            cand --store 'Only memories in this store (may be repeated: any of them)'
            cand --since 'Only memories made at or after this time: ''2025-01-31'', ''2025-01-31T12:00:00Z'', ''2 weeks ago'''
            cand --color 'When to use colours: auto, always or never'
            cand --remote 'Show the server''s changes instead of this device''s'
            cand --word-diff 'Mark the words that changed in a text, instead of its lines'
            cand --json 'Print the differences as JSON'
            cand --exit-code 'Exit with 1 if there are differences'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;sync'= {
            cand --allow-plan 'Let exactly the plan with this id through the brakes'
            cand -X 'Settle what both sides changed, instead of leaving it as a conflict'
            cand --strategy-option 'Settle what both sides changed, instead of leaving it as a conflict'
            cand --tag 'Only memories with this tag (may be repeated: any of them)'
            cand --type 'Only memories of this type (may be repeated: any of them)'
            cand --store 'Only memories in this store (may be repeated: any of them)'
            cand --since 'Only memories made at or after this time: ''2025-01-31'', ''2025-01-31T12:00:00Z'', ''2 weeks ago'''
            cand --color 'When to use colours: auto, always or never'
            cand --dry-run 'Print the plan and change nothing'
            cand --json 'Print the result (or, with --dry-run, the plan) as JSON'
            cand --no-dedup 'Send memories even if the server holds a similar one'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;full'= {
            cand --allow-plan 'Let exactly the plan with this id through the brakes'
            cand -X 'Settle what both sides changed, instead of leaving it as a conflict'
            cand --strategy-option 'Settle what both sides changed, instead of leaving it as a conflict'
            cand --tag 'Only memories with this tag (may be repeated: any of them)'
            cand --type 'Only memories of this type (may be repeated: any of them)'
            cand --store 'Only memories in this store (may be repeated: any of them)'
            cand --since 'Only memories made at or after this time: ''2025-01-31'', ''2025-01-31T12:00:00Z'', ''2 weeks ago'''
            cand --color 'When to use colours: auto, always or never'
            cand --dry-run 'Print the plan and change nothing'
            cand --json 'Print the result (or, with --dry-run, the plan) as JSON'
            cand --no-dedup 'Send memories even if the server holds a similar one'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;stash'= {
            cand --color 'When to use colours: auto, always or never'
            cand --dry-run 'Print what would be recorded and change nothing'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;fetch'= {
            cand --color 'When to use colours: auto, always or never'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;pull'= {
            cand --allow-plan 'Let exactly the plan with this id through the brakes'
            cand -X 'Settle what both sides changed, instead of leaving it as a conflict'
            cand --strategy-option 'Settle what both sides changed, instead of leaving it as a conflict'
            cand --tag 'Only memories with this tag (may be repeated: any of them)'
            cand --type 'Only memories of this type (may be repeated: any of them)'
            cand --store 'Only memories in this store (may be repeated: any of them)'
            cand --since 'Only memories made at or after this time: ''2025-01-31'', ''2025-01-31T12:00:00Z'', ''2 weeks ago'''
            cand --color 'When to use colours: auto, always or never'
            cand --dry-run 'Print the plan and change nothing'
            cand --json 'Print the result (or, with --dry-run, the plan) as JSON'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;apply'= {
            cand --allow-plan 'Let exactly the plan with this id through the brakes'
            cand -X 'Settle what both sides changed, instead of leaving it as a conflict'
            cand --strategy-option 'Settle what both sides changed, instead of leaving it as a conflict'
            cand --tag 'Only memories with this tag (may be repeated: any of them)'
            cand --type 'Only memories of this type (may be repeated: any of them)'
            cand --store 'Only memories in this store (may be repeated: any of them)'
            cand --since 'Only memories made at or after this time: ''2025-01-31'', ''2025-01-31T12:00:00Z'', ''2 weeks ago'''
            cand --color 'When to use colours: auto, always or never'
            cand --dry-run 'Print the plan and change nothing'
            cand --json 'Print the result (or, with --dry-run, the plan) as JSON'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;push'= {
            cand --allow-plan 'Let exactly the plan with this id through the brakes'
            cand -X 'Settle what both sides changed, instead of leaving it as a conflict'
            cand --strategy-option 'Settle what both sides changed, instead of leaving it as a conflict'
            cand --tag 'Only memories with this tag (may be repeated: any of them)'
            cand --type 'Only memories of this type (may be repeated: any of them)'
            cand --store 'Only memories in this store (may be repeated: any of them)'
            cand --since 'Only memories made at or after this time: ''2025-01-31'', ''2025-01-31T12:00:00Z'', ''2 weeks ago'''
            cand --color 'When to use colours: auto, always or never'
            cand --dry-run 'Print the plan and change nothing'
            cand --json 'Print the result (or, with --dry-run, the plan) as JSON'
            cand --no-dedup 'Send memories even if the server holds a similar one'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;checkout'= {
            cand --field 'Decide these fields only, as `memsync conflicts` names them; ''metadata'' and ''meta.a'' mean what is below them too'
            cand --color 'When to use colours: auto, always or never'
            cand --ours 'Take this device''s version'
            cand --local 'Take this device''s version'
            cand --theirs 'Take the server''s version'
            cand --remote 'Take the server''s version'
            cand --base 'Take what both sides held when they last agreed'
            cand --all 'Every conflict that waits for a decision'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;merge'= {
            cand --allow-plan 'Let exactly the plan with this id through the brakes'
            cand -X 'Settle what both sides changed, instead of leaving it as a conflict'
            cand --strategy-option 'Settle what both sides changed, instead of leaving it as a conflict'
            cand --tag 'Only memories with this tag (may be repeated: any of them)'
            cand --type 'Only memories of this type (may be repeated: any of them)'
            cand --store 'Only memories in this store (may be repeated: any of them)'
            cand --since 'Only memories made at or after this time: ''2025-01-31'', ''2025-01-31T12:00:00Z'', ''2 weeks ago'''
            cand --color 'When to use colours: auto, always or never'
            cand --dry-run 'Print the plan and change nothing'
            cand --json 'Print the result (or, with --dry-run, the plan) as JSON'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;mergetool'= {
            cand --tool 'Merge with this program: a name from mergetool.NAME.cmd, or a command that finds files in $BASE, $LOCAL, $REMOTE and $MERGED'
            cand --color 'When to use colours: auto, always or never'
            cand --edit 'Merge in your editor ($VISUAL, else $EDITOR, else vi)'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;conflicts'= {
            cand --color 'When to use colours: auto, always or never'
            cand --json 'Print them as JSON, with base, ours and theirs as whole memories'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;resolve'= {
            cand --color 'When to use colours: auto, always or never'
            cand --json 'Print what was done as JSON'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;restore'= {
            cand -s 'Where they come from: a sync, or a snapshot of this device or of the server'
            cand --source 'Where they come from: a sync, or a snapshot of this device or of the server'
            cand --color 'When to use colours: auto, always or never'
            cand --all 'Every memory that the commit holds'
            cand --dry-run 'Print what would come back and change nothing'
            cand --json 'Print the result (or, with --dry-run, the plan) as JSON'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;undo'= {
            cand --color 'When to use colours: auto, always or never'
            cand --remote 'Also take back what it did on the server, except to memories that were changed there since'
            cand --dry-run 'Print what would be taken back and change nothing'
            cand --json 'Print the result (or, with --dry-run, the plan) as JSON'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;log'= {
            cand -n 'Show at most this many'
            cand --max-count 'Show at most this many'
            cand --since 'Only those at or after this time: ''2025-01-31'', ''yesterday'', ''2 weeks ago'''
            cand --until 'Only those at or before this time'
            cand --color 'When to use colours: auto, always or never'
            cand --oneline 'One line for each'
            cand --graph 'Draw the syncs with the snapshots that they were made from'
            cand --stat 'List the memories that each one changed'
            cand --json 'Print them as JSON'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;show'= {
            cand --color 'When to use colours: auto, always or never'
            cand --json 'Print it as JSON'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;reflog'= {
            cand -n 'Show at most this many'
            cand --max-count 'Show at most this many'
            cand --color 'When to use colours: auto, always or never'
            cand --json 'Print them as JSON'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;explain'= {
            cand --color 'When to use colours: auto, always or never'
            cand --json 'Print it as JSON'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;digest'= {
            cand --db 'Read a database file instead: on the server''s machine, that of the service or of memsync serve'
            cand --tree 'Print a code for each next digit of the hashes that begin with PREFIX, and at the end the memories'
            cand --color 'When to use colours: auto, always or never'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;embed'= {
            cand --verify 'Compare vectors with those that their texts would get now: of N memories, or of all [default: 100]'
            cand --model 'With --all: by what: a model''s name, a folder with one, ''hash'', ''endpoint'' [default: what the service would use]'
            cand --db 'Work on another database file, such as that of memsync serve'
            cand --color 'When to use colours: auto, always or never'
            cand --missing 'Make the vectors that are missing'
            cand --all 'Make all vectors anew, also of another model or size'
            cand -y 'With --all: do not ask'
            cand --yes 'With --all: do not ask'
            cand --json 'Print the result as JSON'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;config'= {
            cand --unset 'Take a setting away, with all its values'
            cand --color 'When to use colours: auto, always or never'
            cand --global 'Use the global file only'
            cand --local 'Use the file beside the staging database only; that is where changes go by default'
            cand -l 'Print every setting that the files hold, as NAME=VALUE'
            cand --list 'Print every setting that the files hold, as NAME=VALUE'
            cand --add 'Add a value to a setting that may have several, instead of replacing it'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;remote'= {
            cand --color 'When to use colours: auto, always or never'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand add 'Add a server or a file'
            cand list 'List them; with -v also their addresses and how each server is trusted'
            cand set-url 'Change an address'
            cand remove 'Forget a remote, with all its settings'
            cand rm 'Forget a remote, with all its settings'
            cand trust 'Trust exactly one certificate of a server'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'memsync;remote;add'= {
            cand --color 'When to use colours: auto, always or never'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;remote;list'= {
            cand --color 'When to use colours: auto, always or never'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'memsync;remote;set-url'= {
            cand --color 'When to use colours: auto, always or never'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;remote;remove'= {
            cand --color 'When to use colours: auto, always or never'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'memsync;remote;rm'= {
            cand --color 'When to use colours: auto, always or never'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'memsync;remote;trust'= {
            cand --color 'When to use colours: auto, always or never'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;remote;help'= {
            cand add 'Add a server or a file'
            cand list 'List them; with -v also their addresses and how each server is trusted'
            cand set-url 'Change an address'
            cand remove 'Forget a remote, with all its settings'
            cand trust 'Trust exactly one certificate of a server'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'memsync;remote;help;add'= {
        }
        &'memsync;remote;help;list'= {
        }
        &'memsync;remote;help;set-url'= {
        }
        &'memsync;remote;help;remove'= {
        }
        &'memsync;remote;help;trust'= {
        }
        &'memsync;remote;help;help'= {
        }
        &'memsync;serve'= {
            cand --db 'The database [default: the one that the service uses]'
            cand --listen 'Where to listen; port 0 takes a free one, 0.0.0.0 is every network'
            cand --api-key-file 'The file with the API key, readable by you alone [default: the key of the environment, else the file beside the database]'
            cand --tls 'Encrypt, with a certificate that is made on first use and kept beside the database'
            cand --tls-cert 'Encrypt with the certificate in this PEM file'
            cand --tls-key 'The private key of that certificate'
            cand --color 'When to use colours: auto, always or never'
            cand --insecure-no-tls 'Answer other devices without TLS: whoever can listen on the way reads the API key and every memory'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;demo'= {
            cand --keep 'A new folder for the databases of the server and both devices, which then stays'
            cand --color 'When to use colours: auto, always or never'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;completions'= {
            cand --output 'Write a file for the shell, or for every shell, into this folder instead'
            cand --color 'When to use colours: auto, always or never'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;man'= {
            cand --output 'Write every page into this folder instead'
            cand --color 'When to use colours: auto, always or never'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;fsck'= {
            cand --color 'When to use colours: auto, always or never'
            cand --connectivity-only 'Only look whether everything is there that something leads to, in the staging database'
            cand --json 'Print what was found as JSON'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;gc'= {
            cand --prune 'Drop what nothing needs and was not used since: ''2 weeks ago'', ''2025-01-31'', ''now'' [default: 90 days ago]'
            cand --color 'When to use colours: auto, always or never'
            cand --no-prune 'Drop no object and no vector'
            cand -n 'Say what would be done, and change nothing'
            cand --dry-run 'Say what would be done, and change nothing'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;cat-file'= {
            cand --color 'When to use colours: auto, always or never'
            cand -t 'Print the object''s type'
            cand -s 'Print the object''s size in bytes'
            cand -p 'Print the object, a tree as ls-tree does'
            cand -e 'Print nothing, and exit with 1 if there is no such object'
            cand --batch 'For each name on stdin print id, type, size and, on the next lines, the object'
            cand --batch-check 'For each name on stdin print id, type and size'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;ls-tree'= {
            cand --color 'When to use colours: auto, always or never'
            cand -r 'Go into subtrees'
            cand --name-only 'Print only the paths'
            cand --name-status 'Print only the paths'
            cand -z 'End each line with NUL, and leave every path as it is'
            cand --keys 'Print a memory''s hash instead of its path'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;diff-tree'= {
            cand --color 'When to use colours: auto, always or never'
            cand -r 'Go into subtrees'
            cand --name-only 'Print only the paths'
            cand --name-status 'Print only letters and paths'
            cand --exit-code 'Exit with 1 if there are differences'
            cand -z 'End each line with NUL, and leave every path as it is'
            cand --keys 'Print a memory''s hash instead of its path'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;hash-object'= {
            cand --color 'When to use colours: auto, always or never'
            cand -w 'Keep the text in the staging database'
            cand --stdin 'Read one text from stdin, before the files'
            cand --literally 'Compute the id of any bytes'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;write-tree'= {
            cand --color 'When to use colours: auto, always or never'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;rev-parse'= {
            cand --short 'Print as few digits as name one object, and at least so many'
            cand --color 'When to use colours: auto, always or never'
            cand --verify 'Take exactly one name; with --quiet, say nothing where it leads nowhere, and exit with 1'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;show-ref'= {
            cand --color 'When to use colours: auto, always or never'
            cand --heads 'Only refs below refs/heads'
            cand --branches 'Only refs below refs/heads'
            cand --head 'Also HEAD, the last sync with the default remote'
            cand --hash 'Print only the ids'
            cand --verify 'Take patterns as full names'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;for-each-ref'= {
            cand --format 'What to print of each: text with %(FIELD), %% and %XX for a byte'
            cand --count 'Stop after so many'
            cand --color 'When to use colours: auto, always or never'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;fast-export'= {
            cand --color 'When to use colours: auto, always or never'
            cand --all 'The syncs with every remote, each on a branch of its name'
            cand -q 'Say only warnings and errors'
            cand --quiet 'Say only warnings and errors'
            cand -v 'Say each step; twice or three times for the details of a bug report'
            cand --verbose 'Say each step; twice or three times for the details of a bug report'
            cand --no-pager 'Print long output without a pager'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'memsync;help'= {
            cand init 'Prepare this device for syncing, or make this the server'
            cand status 'Show what has changed since the last sync'
            cand diff 'Show changes since the last sync, field by field'
            cand sync 'Bring this device and the server into agreement'
            cand stash 'Record this device''s changes in the staging database'
            cand fetch 'Learn what the server holds now, and change nothing'
            cand pull 'Bring the server''s changes to this device'
            cand apply 'Apply the server''s fetched changes to this device'
            cand push 'Bring this device''s changes to the server'
            cand checkout 'Decide conflicts for one side'
            cand merge 'Merge what was fetched, and end conflicts by a rule'
            cand mergetool 'End conflicts one by one, with both versions in view'
            cand conflicts 'List the conflicts, with base, ours and theirs'
            cand resolve 'End conflicts with answers in JSON'
            cand restore 'Bring memories back as they were at a sync'
            cand undo 'Take back what a sync did'
            cand log 'Show the syncs of this device, newest first'
            cand show 'Show a sync, a memory, or a memory as it was'
            cand reflog 'Show where a ref has been, newest first'
            cand explain 'Tell one memory''s whole story'
            cand digest 'Print one short code for the synced memories'
            cand embed 'Show, make and check the vectors that memories are found by'
            cand config 'Show and change settings'
            cand remote 'Show and change the servers and files to sync with'
            cand serve 'Be the server that devices sync with'
            cand demo 'Play the whole story on this machine, and change nothing'
            cand completions 'Print the completions for a shell'
            cand man 'Show the manual page of memsync or of one command'
            cand fsck 'Check the objects, the refs and the local database'
            cand gc 'Pack the objects, and drop what nothing needs'
            cand cat-file 'Print an object, its type or its size'
            cand ls-tree 'List the memories of a tree'
            cand diff-tree 'Compare two trees'
            cand hash-object 'Compute the id of a memory''s text, and keep it'
            cand write-tree 'Keep this device''s memories as a tree'
            cand rev-parse 'Print the ids that names lead to'
            cand show-ref 'List refs'
            cand for-each-ref 'Print something about each ref'
            cand fast-export 'Print the history for git fast-import'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'memsync;help;init'= {
        }
        &'memsync;help;status'= {
        }
        &'memsync;help;diff'= {
        }
        &'memsync;help;sync'= {
        }
        &'memsync;help;stash'= {
        }
        &'memsync;help;fetch'= {
        }
        &'memsync;help;pull'= {
        }
        &'memsync;help;apply'= {
        }
        &'memsync;help;push'= {
        }
        &'memsync;help;checkout'= {
        }
        &'memsync;help;merge'= {
        }
        &'memsync;help;mergetool'= {
        }
        &'memsync;help;conflicts'= {
        }
        &'memsync;help;resolve'= {
        }
        &'memsync;help;restore'= {
        }
        &'memsync;help;undo'= {
        }
        &'memsync;help;log'= {
        }
        &'memsync;help;show'= {
        }
        &'memsync;help;reflog'= {
        }
        &'memsync;help;explain'= {
        }
        &'memsync;help;digest'= {
        }
        &'memsync;help;embed'= {
        }
        &'memsync;help;config'= {
        }
        &'memsync;help;remote'= {
            cand add 'Add a server or a file'
            cand list 'List them; with -v also their addresses and how each server is trusted'
            cand set-url 'Change an address'
            cand remove 'Forget a remote, with all its settings'
            cand trust 'Trust exactly one certificate of a server'
        }
        &'memsync;help;remote;add'= {
        }
        &'memsync;help;remote;list'= {
        }
        &'memsync;help;remote;set-url'= {
        }
        &'memsync;help;remote;remove'= {
        }
        &'memsync;help;remote;trust'= {
        }
        &'memsync;help;serve'= {
        }
        &'memsync;help;demo'= {
        }
        &'memsync;help;completions'= {
        }
        &'memsync;help;man'= {
        }
        &'memsync;help;fsck'= {
        }
        &'memsync;help;gc'= {
        }
        &'memsync;help;cat-file'= {
        }
        &'memsync;help;ls-tree'= {
        }
        &'memsync;help;diff-tree'= {
        }
        &'memsync;help;hash-object'= {
        }
        &'memsync;help;write-tree'= {
        }
        &'memsync;help;rev-parse'= {
        }
        &'memsync;help;show-ref'= {
        }
        &'memsync;help;for-each-ref'= {
        }
        &'memsync;help;fast-export'= {
        }
        &'memsync;help;help'= {
        }
    ]
    $completions[$command]
}
