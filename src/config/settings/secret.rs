//! Secrets: from a named file or from the environment, never from latchkey.toml itself.

use super::super::reader::{Collector, PlacedValue, Section, ValuePlace};
use crate::database_url::DatabaseUrl;
use secrecy::{ExposeSecret as _, SecretString};
use std::path::Path;
use url::Url;

/// Reads `key`, or the file that `key_file` names. The environment takes precedence over latchkey.toml. A file that
/// cannot be read is a warning: a process that needs the secret fails without it, and other processes need no access to
/// it.
pub(super) fn read(
    section: &mut Section<'_>,
    (key, key_file): (&'static str, &'static str),
    folder: &Path,
    inline: impl FnOnce(&str) -> Result<(), String>,
    faults: &mut Collector<'_>,
) -> Option<PlacedValue<SecretString>> {
    let overridden = section.overridden(key).is_some();
    let both = section.has(key) && section.has(key_file);
    let file_overridden = section.overridden(key_file).is_some();
    let text = section.text(key, faults);
    let file = section.text(key_file, faults);
    if both && overridden == file_overridden {
        let place = file.as_ref().map_or(&section.place, |file| &file.place);
        faults.error(place, format!("both `{key}` and `{key_file}` are given"), Some("keep one of them".to_owned()));
    }
    match (text, file) {
        (Some(PlacedValue { value, place }), _) if overridden => Some(PlacedValue { value: value.into(), place }),
        (_, Some(file)) => {
            let path = folder.join(file.value);
            match std::fs::read_to_string(&path) {
                Ok(secret) => of_file(&secret, &path, file.place, faults),
                Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                    let hint = "save it as UTF-8; PowerShell's `>` writes UTF-16".to_owned();
                    faults.error(&file.place, format!("the file {} is not text in UTF-8", path.display()), Some(hint));
                    None
                }
                Err(error) => {
                    faults.warning(&file.place, format!("the file {} cannot be read: {error}", path.display()), None);
                    None
                }
            }
        }
        (Some(PlacedValue { value, place }), None) => match inline(value) {
            Ok(()) => Some(PlacedValue { value: value.into(), place }),
            Err(why) => {
                let hint = format!("name a file by `{key_file}`, or set {}", variable(&section.title, key));
                faults.error(&place, why, Some(hint));
                None
            }
        },
        (None, None) => None,
    }
}

/// A secret from a file: without the final line break, and without the byte order mark that Windows editors write.
fn of_file(
    text: &str,
    path: &Path,
    place: ValuePlace,
    faults: &mut Collector<'_>,
) -> Option<PlacedValue<SecretString>> {
    let secret = text.strip_prefix('\u{feff}').unwrap_or(text).trim_end_matches(['\n', '\r']);
    let fault = if secret.is_empty() {
        "is empty"
    } else if secret.trim() != secret {
        "begins or ends with a blank"
    } else if secret.contains(['\n', '\r']) {
        "has several lines"
    } else {
        return Some(PlacedValue { value: secret.into(), place });
    };
    faults.error(&place, format!("the file {} {fault}", path.display()), None);
    None
}

/// The database URL of `key`, or of the file that `key_file` names, as the driver reads it.
pub(super) fn database_url(
    section: &mut Section<'_>,
    keys: (&'static str, &'static str),
    folder: &Path,
    schema: &str,
    faults: &mut Collector<'_>,
) -> Option<PlacedValue<DatabaseUrl>> {
    let PlacedValue { value, place } = read(section, keys, folder, without_password, faults)?;
    let url = value.expose_secret().parse::<DatabaseUrl>().and_then(|url| url.in_schema(schema));
    match url {
        Ok(value) => Some(PlacedValue { value, place }),
        Err(error) => {
            faults.error(&place, error, None);
            None
        }
    }
}

/// The variable that overrides a key of a section.
fn variable(title: &str, key: &str) -> String {
    format!("LATCHKEY_{}__{}", title.trim_matches(['[', ']']), key).to_uppercase()
}

/// Refuses a secret in latchkey.toml.
pub(super) fn never(_: &str) -> Result<(), String> {
    Err("a secret does not belong into this file".to_owned())
}

/// Accepts a database URL in latchkey.toml if it has no password.
fn without_password(url: &str) -> Result<(), String> {
    match Url::parse(url) {
        Ok(url) if url.password().is_some() || url.query_pairs().any(|(key, _)| key == "password") => {
            Err("a database URL with a password does not belong into this file".to_owned())
        }
        Ok(_) | Err(_) => Ok(()),
    }
}
