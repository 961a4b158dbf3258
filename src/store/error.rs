//! Why the database did not do what it was asked to.

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is away, slow, or refused the statement.
    /// Too many transactions of pages wait for locks, so that there is no place for another.
    #[error("too many transactions wait for what another session has locked")]
    Crowded,
    #[error("the database did not answer as expected")]
    Database(#[from] sqlx::Error),
    /// The row moved on since it was read: another transaction was first. Read it again.
    #[error("{0} changed meanwhile")]
    Stale(&'static str),
    /// A row holds a value that this version cannot read.
    #[error("row of `{table}` has an unreadable `{column}`: {value}")]
    Corrupt { table: &'static str, column: &'static str, value: String },
    /// A value of Latchkey did not turn into JSON, or is too large to be an audit event.
    #[error("failed to write an event: {0}")]
    Event(String),
}

impl StoreError {
    /// The error about a row that this version cannot read; the value is shortened.
    pub fn corrupt(table: &'static str, column: &'static str, value: impl std::fmt::Display) -> Self {
        let value: String = value.to_string().chars().take(80).collect();
        Self::Corrupt { table, column, value }
    }

    /// Whether the error is about the content of one row, as opposed to a database that does not answer.
    pub fn is_of_one_row(&self) -> bool {
        matches!(self, Self::Corrupt { .. } | Self::Database(sqlx::Error::ColumnDecode { .. }))
    }

    /// Whether a table is missing: the database was not migrated.
    pub fn is_without_schema(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(error)) => error.code().is_some_and(|code| code == "42P01"),
            _ => false,
        }
    }

    /// Whether the wait for a lock that another session holds timed out.
    pub fn is_lock_timeout(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(error)) => error.code().is_some_and(|code| code == "55P03"),
            _ => false,
        }
    }

    /// Whether a statement was given up because another session had locked what it needed, as far as the server tells:
    /// it waited longer than a statement or a lock may take.
    pub fn is_held(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(error)) => {
                error.code().is_some_and(|code| code == "55P03" || code == "57014")
            }
            Self::Crowded => true,
            _ => false,
        }
    }

    /// Whether the database itself is away (no connection, shut down, cut off), as opposed to a defect of Latchkey.
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

    /// Why the server refuses connections, in words without any part of the URL; `None` if the error is another one.
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

    /// Whether a row holds a value that this version cannot read.
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
