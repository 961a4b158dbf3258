//! Where the database is: a URL as the driver reads it, and the schema in it. Uses no other room.

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::{fmt, str::FromStr};

/// The schema of a database for which none is named.
pub const USUAL_SCHEMA: &str = "public";

/// The parameters that the driver reads. It ignores others, so that `sslmod=require` would encrypt nothing.
const PARAMETERS: [&str; 18] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

/// Parameters that libpq or the driver of another language reads, and that this driver ignores.
const OF_OTHERS: [&str; 47] = [
    "authentication_timeout",
    "binary_parameters",
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "connection_limit",
    "currentSchema",
    "fallback_application_name",
    "gssdelegation",
    "gssencmode",
    "gsslib",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "max_protocol_version",
    "min_protocol_version",
    "passfile",
    "pgbouncer",
    "pool_max_conns",
    "pool_timeout",
    "prepareThreshold",
    "prepared_statements",
    "replication",
    "require_auth",
    "requirepeer",
    "schema",
    "search_path",
    "service",
    "servicefile",
    "socketTimeout",
    "ssl",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslaccept",
    "sslcertmode",
    "sslcompression",
    "sslcrl",
    "sslcrldir",
    "sslnegotiation",
    "sslpassword",
    "sslsni",
    "statement_timeout",
    "target_session_attrs",
    "tcp_user_timeout",
];

/// A database under one of its roles. It is valid: the driver read it. `Debug` shows no password.
#[derive(Clone)]
pub struct DatabaseUrl {
    options: PgConnectOptions,
    schema: String,
}

/// Why a text is not a database URL. `Display` is a sentence without any part of the text that may be secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDatabaseUrl {
    #[error("the database URL is empty")]
    Empty,
    #[error("the database URL stands in quotation marks: take them away")]
    Quoted,
    #[error("this is not a URL of PostgreSQL, such as postgres://latchkey_web@db/latchkey")]
    NoUrl,
    #[error(
        "the database URL does not parse ({0}). If its password has any of / # ? % @ : or a blank, write each in percents \
         (`#` is %23, `/` is %2F)"
    )]
    Unreadable(String),
    #[error("the database URL has the parameter `{0}`, which the driver does not know and would pass over")]
    Parameter(String),
    #[error(
        "the database URL has a parameter that the driver does not know and would pass over. If it is part of a password, \
         write each of its / # ? % @ : & in percents (`&` is %26)"
    )]
    UnnamedParameter,
    #[error(
        "the database URL says `sslrootcert=system`, which the driver takes for the name of a file: name one with the \
         authorities, such as /etc/ssl/certs/ca-certificates.crt"
    )]
    SystemStore,
    #[error(
        "the database URL has an `sslmode` that there is not: disable, allow, prefer, require, verify-ca or verify-full. If \
         it is part of a password, write each of its / # ? % @ : & in percents (`&` is %26)"
    )]
    SslMode,
    #[error("the database URL names no host; a socket is named as postgres:///DATABASE?host=/FOLDER&user=USER")]
    NoHost,
    #[error("a database URL names one host, and this one several: name the address that leads to the primary")]
    Hosts,
    #[error("`{0}` is not a name of a schema: 1 to 63 of a-z, 0-9 and _, none of PostgreSQL's own")]
    Schema(String),
}

impl DatabaseUrl {
    /// How to connect, as `latchkey`.
    pub fn options(&self) -> PgConnectOptions {
        self.options.clone()
    }

    /// The schema of the tables.
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// The same database with its tables in another schema.
    ///
    /// # Errors
    /// `Schema`.
    pub fn in_schema(self, schema: &str) -> Result<Self, InvalidDatabaseUrl> {
        Ok(Self { schema: schema_name(schema)?.to_owned(), ..self })
    }
}

/// The text, if it may be the name of a schema of Latchkey. Only plain letters, so that no statement has to quote it.
///
/// # Errors
/// `Schema`.
pub fn schema_name(text: &str) -> Result<&str, InvalidDatabaseUrl> {
    let is_plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_';
    let fits = (1..=63).contains(&text.len())
        && text.bytes().all(is_plain)
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && !text.starts_with("pg_")
        && text != "information_schema";
    if fits { Ok(text) } else { Err(InvalidDatabaseUrl::Schema(text.chars().take(63).collect())) }
}

impl FromStr for DatabaseUrl {
    type Err = InvalidDatabaseUrl;
    fn from_str(text: &str) -> Result<Self, InvalidDatabaseUrl> {
        if text.trim().is_empty() {
            return Err(InvalidDatabaseUrl::Empty);
        }
        if text.starts_with(['"', '\'']) {
            return Err(InvalidDatabaseUrl::Quoted);
        }
        if !["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme)) {
            return Err(InvalidDatabaseUrl::NoUrl);
        }
        if has_several_hosts(text) {
            return Err(InvalidDatabaseUrl::Hosts);
        }
        let unreadable = |error: &dyn fmt::Display| InvalidDatabaseUrl::Unreadable(error.to_string());
        let url = url::Url::parse(text).map_err(|error| match error {
            // An unencoded `@` in a password, followed by a character that ends a host.
            url::ParseError::EmptyHost if text.matches('@').count() > 1 => {
                unreadable(&"no host stands behind its first `@`")
            }
            url::ParseError::EmptyHost => InvalidDatabaseUrl::NoHost,
            other => unreadable(&other),
        })?;
        // An unencoded `/` or `?` in a password ends the host: what was meant to stand before it then stands behind it.
        let has_user = text.split(['?', '#']).next().is_some_and(|before| before.contains('@'));
        let names_user = url.query_pairs().any(|(key, _)| key == "user");
        let in_query = url.query().is_some_and(|query| query.contains('@')) && !has_user && !names_user;
        if url.path().contains('@') || in_query || url.fragment().is_some() {
            return Err(unreadable(&"what belongs before the host stands behind it"));
        }
        of_parameters(&url)?;
        let options = PgConnectOptions::from_str(text).map_err(|error| match error {
            // The driver repeats the value, which may be the rest of a password.
            sqlx::Error::Configuration(_) => unreadable(&"a parameter has a value that the driver does not take"),
            _ => InvalidDatabaseUrl::NoUrl,
        })?;
        // The driver takes the brackets of an IPv6 address as a part of it.
        let address = options.get_host().strip_prefix('[').and_then(|host| host.strip_suffix(']')).map(str::to_owned);
        let options = match address {
            Some(address) => options.host(&address),
            None => options,
        };
        Ok(Self { options: options.application_name("latchkey"), schema: USUAL_SCHEMA.to_owned() })
    }
}

/// Whether the driver reads each parameter, and with the meaning that the author of the URL gave it.
fn of_parameters(url: &url::Url) -> Result<(), InvalidDatabaseUrl> {
    let is_known = |key: &str| PARAMETERS.contains(&key) || (key.starts_with("options[") && key.ends_with(']'));
    let mut may_be_secret = false;
    for (key, value) in url.query_pairs() {
        match &*key {
            "host" | "hostaddr" | "port" if value.contains(',') => return Err(InvalidDatabaseUrl::Hosts),
            "sslrootcert" | "ssl-root-cert" | "ssl-ca" if value == "system" => {
                return Err(InvalidDatabaseUrl::SystemStore);
            }
            // What follows may be the rest of a password with an unencoded `&`.
            "password" => may_be_secret = true,
            "sslmode" | "ssl-mode" if value.parse::<PgSslMode>().is_err() => return Err(InvalidDatabaseUrl::SslMode),
            key if is_known(key) => {}
            // Names that other drivers read are told: they are not secret. Anything else may be part of a password.
            key if OF_OTHERS.contains(&key) || (!may_be_secret && is_nearly_known(key)) => {
                return Err(InvalidDatabaseUrl::Parameter(key.to_owned()));
            }
            _ => return Err(InvalidDatabaseUrl::UnnamedParameter),
        }
    }
    Ok(())
}

/// Whether a name differs by at most two letters from one that is read.
fn is_nearly_known(key: &str) -> bool {
    PARAMETERS.iter().any(|known| known.len() > 4 && strsim::levenshtein(key, known) <= 2)
}

/// Whether hosts are listed with commas, as libpq takes them.
fn has_several_hosts(text: &str) -> bool {
    let after = text.split_once("://").map_or("", |(_, rest)| rest);
    let authority = after.split(['/', '?', '#']).next().unwrap_or_default();
    // If a password holds a `/`, the authority ends within it.
    let is_whole = authority.contains('@') || !after.contains('@');
    is_whole && authority.rsplit('@').next().is_some_and(|hosts| hosts.contains(','))
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseUrl")
            .field("host", &self.options.get_host())
            .field("database", &self.options.get_database())
            .field("user", &self.options.get_username())
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(text: &str) -> String {
        text.parse::<DatabaseUrl>().unwrap_err().to_string()
    }

    #[test]
    fn what_the_driver_would_take_for_something_else_is_named_and_shows_no_password() {
        for (text, said) in [
            ("", "is empty"),
            (" \n", "is empty"),
            ("\"postgres://u@h/d\"", "quotation marks"),
            ("latchkey_web@db/latchkey", "not a URL of PostgreSQL"),
            ("mysql://u@h/d", "not a URL of PostgreSQL"),
            ("postgres://u:hun#ter2@h/d", "`#` is %23"),
            ("postgres://u:hun/ter2@h/d", "`#` is %23"),
            ("postgres://u:1234/ter2@h/d", "stands behind it"),
            ("postgres://u:12?ter2@h/d", "%"),
            ("postgres://u@h/d?sslmode=requir", "an `sslmode` that there is not"),
            ("postgres://h/d?password=hun&sslmode=ter2", "an `sslmode` that there is not"),
            ("postgres://h/d?password=hun&port=ter2", "a value that the driver does not take"),
            ("postgres://u@h/d?sslmod=require", "`sslmod`"),
            ("postgres://u@h/d?target_session_attrs=read-write", "`target_session_attrs`"),
            ("postgres://u@h1:5432,h2:5432/d", "names one host"),
            ("postgres://u@h:port/d", "does not parse"),
            ("postgres://u:a,b/ter2@h/d", "`#` is %23"),
            ("postgres://u:wow@/cloudsql/x", "names no host"),
            ("postgres://u:hun@#ter2@h/d", "`#` is %23"),
            ("postgres://u:hun@/ter2@h/d", "`#` is %23"),
            ("postgres://u:hun@?ter2@h/d", "`#` is %23"),
            ("postgres://h/d?user=u&password=hun&ter2", "`&` is %26"),
            ("postgres://h/d?user=u&password=hun&sslmodter2", "`&` is %26"),
            ("postgres://h/d?user=u&password=hun&sslmod=x", "`&` is %26"),
            ("postgres://h/d?password=hun&connect_timeout=3", "`connect_timeout`"),
            ("postgres://u@h/d?ter2=1", "a parameter that the driver does not know"),
            ("postgres://u@h/d?host=h1,h2", "names one host"),
            ("postgres://u@h/d?hostaddr=10.0.0.1,10.0.0.2", "names one host"),
            ("postgres://u@h/d?port=5432,5433", "names one host"),
            ("postgres://u@h/d?sslmode=verify-full&sslrootcert=system", "takes for the name of a file"),
            ("postgres://u@h/d?ssl-ca=system", "takes for the name of a file"),
        ] {
            let why = why(text);
            assert!(why.contains(said), "{text}: {why}");
            assert!(!why.contains("ter2") && !why.contains("hun"), "{why}");
        }
    }

    #[test]
    fn what_the_driver_reads_is_taken_and_an_address_in_brackets_is_one() {
        let url: DatabaseUrl = "postgres://u:p%23w@[::1]:5433/d?sslmode=require".parse().unwrap();
        let options = url.options();
        assert_eq!((options.get_host(), options.get_port(), options.get_database()), ("::1", 5433, Some("d")));
        let url: DatabaseUrl = "postgresql://u:p@ss@h/d?application_name=x&options[geqo]=off".parse().unwrap();
        assert_eq!(url.options().get_host(), "h");
        assert!(!format!("{url:?}").contains("p@ss"), "{url:?}");
        for text in [
            "postgres://db/d?user=mylogin@mydemoserver&password=x",
            "postgres://u@h/d?application_name=me@laptop",
            "postgres://u@h/d?sslrootcert=/home/me@corp/rds.pem",
            "postgres:///d?host=/run/postgresql&user=u",
        ] {
            assert!(text.parse::<DatabaseUrl>().is_ok(), "{text}: {:?}", text.parse::<DatabaseUrl>());
        }
    }

    #[test]
    fn a_schema_has_a_plain_name() {
        let url: DatabaseUrl = "postgres://u@h/d".parse().unwrap();
        assert_eq!(url.schema(), "public");
        for name in ["latchkey", "_a1", "user"] {
            assert_eq!(url.clone().in_schema(name).unwrap().schema(), name);
        }
        for name in ["", "Latchkey", "a-b", "1a", "pg_own", "information_schema", "a\"; drop"] {
            assert!(url.clone().in_schema(name).is_err(), "{name}");
        }
    }
}
