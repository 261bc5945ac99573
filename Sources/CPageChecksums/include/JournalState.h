#ifndef LOOKALIKE_JOURNAL_STATE_H
#define LOOKALIKE_JOURNAL_STATE_H

/// What a look at a write-ahead journal can tell.
enum lk_journal_state {
    /// There is none, or all that was committed to it can be read; an unfinished end is nobody's loss.
    lk_journal_whole = 0,
    /// Something that was committed, and on the disk, cannot be read any more: SQLite would pass over it in silence.
    lk_journal_damaged = 1,
};

/// Looks at the journal at `path`.
enum lk_journal_state lk_journal_state(const char *path);

#endif
