//! Why the database did not do what was asked.

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is away, slow, or refused the statement.
    /// So many transactions of pages wait for locks that there was no place for another.
    #[error("too many transactions wait for what somebody has locked")]
    Crowded,
    #[error("the database did not answer as expected")]
    Database(#[from] sqlx::Error),
    /// The row moved on since it was read: somebody else was first. Read again.
    #[error("{0} changed meanwhile")]
    Stale(&'static str),
    /// A row holds what this version cannot read.
    #[error("row of `{table}` has an unreadable `{column}`: {value}")]
    Corrupt { table: &'static str, column: &'static str, value: String },
    /// A value of ours did not turn into JSON, or is too large to be an audit event.
    #[error("failed to write an event: {0}")]
    Event(String),
}

impl StoreError {
    /// A row that this version cannot read; the value is cut short.
    pub fn corrupt(table: &'static str, column: &'static str, value: impl std::fmt::Display) -> Self {
        let value: String = value.to_string().chars().take(80).collect();
        Self::Corrupt { table, column, value }
    }

    /// Whether it is what one row holds that cannot be read, as opposed to a database that does not answer.
    pub fn is_of_one_row(&self) -> bool {
        matches!(self, Self::Corrupt { .. } | Self::Database(sqlx::Error::ColumnDecode { .. }))
    }

    /// Whether a table is missing: nobody migrated the database.
    pub fn is_without_schema(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(error)) => error.code().is_some_and(|code| code == "42P01"),
            _ => false,
        }
    }

    /// Whether the database would not wait any longer for a lock that somebody holds.
    pub fn is_lock_timeout(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(error)) => error.code().is_some_and(|code| code == "55P03"),
            _ => false,
        }
    }

    /// Whether a statement was given up since somebody else had locked what it needed, as far as the server tells: it
    /// waited for longer than a statement may take, or than a lock is waited for.
    pub fn is_held(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(error)) => {
                error.code().is_some_and(|code| code == "55P03" || code == "57014")
            }
            Self::Crowded => true,
            _ => false,
        }
    }

    /// Whether the database itself is away (no connection, shut down, cut off), as opposed to a fault of ours.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Database(
                sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed,
            ) => true,
            // Class 57: shut down by the operator; 53: out of connections, memory or disk; 08: connection.
            Self::Database(sqlx::Error::Database(error)) => {
                error.code().is_some_and(|code| ["57", "53", "08"].iter().any(|class| code.starts_with(class)))
            }
            _ => false,
        }
    }

    /// Why the server lets nobody in, in words that hold nothing of the URL; nothing where it is something else.
    pub fn shut_out(&self) -> Option<&'static str> {
        let Self::Database(sqlx::Error::Database(error)) = self else { return None };
        match error.code().as_deref() {
            Some("28P01" | "28000") => Some("the database refuses the role or its password"),
            Some("3D000") => Some("the server has no such database"),
            _ => None,
        }
    }

    /// Whether the database is a copy that takes no writes.
    pub fn is_read_only(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(error)) => error.code().is_some_and(|code| code == "25006"),
            _ => false,
        }
    }

    /// Whether a row holds what this version cannot read.
    pub fn is_unreadable(&self) -> bool {
        matches!(self, Self::Corrupt { .. } | Self::Database(sqlx::Error::ColumnDecode { .. }))
    }

    /// The constraint that was violated, by name.
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Database(sqlx::Error::Database(error)) => error.constraint(),
            _ => None,
        }
    }
}
