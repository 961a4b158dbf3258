//! What a scalar means: YAML 1.1 as Go's yaml v2 resolves it.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::document::Scalar;

pub const STR: &str = "tag:yaml.org,2002:str";
pub const NULL: &str = "tag:yaml.org,2002:null";
pub const MERGE: &str = "tag:yaml.org,2002:merge";
const BOOL: &str = "tag:yaml.org,2002:bool";
const INT: &str = "tag:yaml.org,2002:int";
const FLOAT: &str = "tag:yaml.org,2002:float";
const TIMESTAMP: &str = "tag:yaml.org,2002:timestamp";
const BINARY: &str = "tag:yaml.org,2002:binary";

/// A scalar, resolved. Whole numbers that fit have their own variants, since they may be keys of a mapping.
#[derive(Debug, Clone, PartialEq)]
pub enum Resolved<'d> {
    Null,
    Bool(bool),
    Int(i64),
    /// Beyond `i64`.
    Uint(u64),
    Float(f64),
    Text(Cow<'d, str>),
}

impl Resolved<'_> {
    fn tag(&self) -> &'static str {
        match self {
            Self::Null => NULL,
            Self::Bool(_) => BOOL,
            Self::Int(_) | Self::Uint(_) => INT,
            Self::Float(_) => FLOAT,
            Self::Text(_) => STR,
        }
    }
}

/// Resolves a scalar. The error says which value does not match which tag.
pub fn resolve(scalar: &Scalar) -> Result<Resolved<'_>, String> {
    let text = scalar.value.as_str();
    match scalar.tag.as_str() {
        "" if !scalar.implicit => Ok(Resolved::Text(text.into())),
        "" => Ok(plain(text)),
        BINARY => binary(text).map(|text| Resolved::Text(text.into())),
        TIMESTAMP if is_timestamp(text) => Ok(Resolved::Text(text.into())),
        tag @ (NULL | BOOL | INT | FLOAT | TIMESTAMP) => tagged(tag, text),
        // `!!str`; and a tag that Go's yaml does not know has no effect.
        _ => Ok(Resolved::Text(text.into())),
    }
}

/// Whether a scalar is the merge key `<<`.
pub fn is_merge(scalar: &Scalar) -> bool {
    scalar.value == "<<" && (scalar.implicit || scalar.tag == MERGE)
}

fn tagged<'d>(tag: &str, text: &'d str) -> Result<Resolved<'d>, String> {
    match (tag, plain(text)) {
        (FLOAT, Resolved::Int(number)) => {
            #[expect(clippy::cast_precision_loss, reason = "a float is what the tag asks for")]
            let number = number as f64;
            Ok(Resolved::Float(number))
        }
        (tag, resolved) if tag == resolved.tag() => Ok(resolved),
        (tag, resolved) => Err(format!("cannot decode {} `{text}` as a {}", short(resolved.tag()), short(tag))),
    }
}

fn short(tag: &str) -> String {
    tag.replacen("tag:yaml.org,2002:", "!!", 1)
}

/// Resolves a plain scalar without a tag. A date stays a text.
fn plain(text: &str) -> Resolved<'_> {
    let Some(&first) = text.as_bytes().first() else { return Resolved::Null };
    if let Some(word) = word(text) {
        return word;
    }
    let number = match first {
        b'0'..=b'9' | b'+' | b'-' => number(text),
        b'.' => go_float(text),
        _ => None,
    };
    number.unwrap_or(Resolved::Text(text.into()))
}

fn word(text: &str) -> Option<Resolved<'_>> {
    Some(match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Resolved::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Resolved::Bool(false),
        "~" | "null" | "Null" | "NULL" => Resolved::Null,
        ".nan" | ".NaN" | ".NAN" => Resolved::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Resolved::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Resolved::Float(f64::NEG_INFINITY),
        _ => return None,
    })
}

/// A number that begins with a digit or a sign; underscores do not count.
fn number(text: &str) -> Option<Resolved<'static>> {
    if is_timestamp(text) {
        return None;
    }
    let digits: Cow<'_, str> = if text.contains('_') { text.replace('_', "").into() } else { text.into() };
    if let Some(whole) = go_int(&digits) {
        return Some(whole);
    }
    if is_yaml_float(&digits) {
        return finite(&digits);
    }
    // Go tries "0b" again with a sign behind the prefix.
    let signed = digits.strip_prefix("0b").filter(|rest| rest.starts_with(['+', '-']))?;
    i64::from_str_radix(signed, 2).ok().map(Resolved::Int)
}

/// Go's `ParseInt` and then `ParseUint` with base 0, without underscores.
fn go_int(text: &str) -> Option<Resolved<'static>> {
    let (sign, magnitude) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("+", &text[1..]),
        _ => ("", text),
    };
    let (base, digits) = match magnitude.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &magnitude[2..]),
        [b'0', b'b' | b'B', ..] => (2, &magnitude[2..]),
        [b'0', b'o' | b'O', ..] => (8, &magnitude[2..]),
        [b'0', _, ..] => (8, &magnitude[1..]),
        _ => (10, magnitude),
    };
    // Rust's parser would accept a sign here.
    if !digits.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, base).ok()?;
    match sign {
        "-" => i64::try_from(-i128::from(magnitude)).ok().map(Resolved::Int),
        sign => match i64::try_from(magnitude) {
            Ok(number) => Some(Resolved::Int(number)),
            Err(_) if sign.is_empty() => Some(Resolved::Uint(magnitude)),
            Err(_) => None,
        },
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_yaml_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && all_digits(fraction),
        Some((whole, fraction)) => all_digits(whole) && all_digits(fraction),
        None => !mantissa.is_empty() && all_digits(mantissa),
    };
    let exponent = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !digits.is_empty() && all_digits(digits)
    });
    mantissa && exponent
}

/// Go's `ParseFloat` of a text that begins with a dot: single underscores between digits are allowed.
fn go_float(text: &str) -> Option<Resolved<'static>> {
    let digits = text.replace('_', "");
    if !is_yaml_float(&digits) || !underscores_between_digits(text) {
        return None;
    }
    finite(&digits)
}

fn underscores_between_digits(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit_at = |index: Option<usize>| index.and_then(|index| bytes.get(index)).is_some_and(u8::is_ascii_digit);
    bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'_')
        .all(|(index, _)| digit_at(index.checked_sub(1)) && digit_at(Some(index + 1)))
}

/// A number beyond the range of a float stays a text in Go.
fn finite(text: &str) -> Option<Resolved<'static>> {
    text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Resolved::Float)
}

/// The formats of time that Go's yaml knows.
fn is_timestamp(text: &str) -> bool {
    let mut rest = Digits(text);
    if !(rest.year() && rest.skip("-") && rest.between(1, 12) && rest.skip("-")) {
        return false;
    }
    // The days of a month are checked, but only a tag makes that matter: without one, 31 is exact enough.
    if !rest.between(1, 31) {
        return false;
    }
    if rest.0.is_empty() {
        return true;
    }
    let zoned = rest.skip("T") || rest.skip("t");
    if !zoned && !rest.skip(" ") {
        return false;
    }
    let clock = rest.between(0, 23) && rest.skip(":") && rest.between(0, 59) && rest.skip(":") && rest.between(0, 59);
    clock && rest.fraction() && if zoned { rest.zone() } else { rest.0.is_empty() }
}

/// The rest of a text while a time is read from it.
struct Digits<'t>(&'t str);

impl Digits<'_> {
    fn skip(&mut self, prefix: &str) -> bool {
        self.0.strip_prefix(prefix).map(|rest| self.0 = rest).is_some()
    }

    fn year(&mut self) -> bool {
        let digits = self.0.bytes().take_while(u8::is_ascii_digit).count();
        self.0 = &self.0[digits..];
        digits == 4
    }

    /// One or two digits.
    fn between(&mut self, least: u8, most: u8) -> bool {
        let count = self.0.bytes().take(2).take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        digits.parse::<u8>().is_ok_and(|number| (least..=most).contains(&number))
    }

    fn fraction(&mut self) -> bool {
        if !self.0.starts_with(['.', ',']) {
            return true;
        }
        let digits = self.0[1..].bytes().take_while(u8::is_ascii_digit).count();
        self.0 = &self.0[1 + digits..];
        digits > 0
    }

    fn zone(&self) -> bool {
        if self.0 == "Z" {
            return true;
        }
        let bytes = self.0.as_bytes();
        bytes.len() == 6
            && matches!(bytes[0], b'+' | b'-')
            && bytes[3] == b':'
            && [1, 2, 4, 5].iter().all(|&index| bytes[index].is_ascii_digit())
            && bytes[1..3] <= b"24"[..]
            && bytes[4..6] <= b"60"[..]
    }
}

fn binary(text: &str) -> Result<String, String> {
    // Like Go's StdEncoding: padding required, stray bits allowed, line breaks skipped.
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical);
    let encoded: String = text.chars().filter(|character| !matches!(character, '\r' | '\n')).collect();
    GeneralPurpose::new(&alphabet::STANDARD, config)
        .decode(encoded)
        .map(|bytes| go_text(&bytes))
        .map_err(|_| "!!binary value contains invalid base64 data".to_owned())
}

/// Bytes as Go's JSON writes them: each byte that is not UTF-8 becomes a replacement character.
fn go_text(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}

#[cfg(test)]
mod tests {
    use crate::eks::aws_auth::yaml::scanner::Style;

    use super::*;

    fn resolved(tag: &str, text: &str) -> Result<Resolved<'static>, String> {
        let scalar =
            Scalar { value: text.to_owned(), tag: tag.to_owned(), implicit: tag.is_empty(), style: Style::Plain };
        Ok(match resolve(&scalar)? {
            Resolved::Text(text) => Resolved::Text(text.into_owned().into()),
            Resolved::Null => Resolved::Null,
            Resolved::Bool(value) => Resolved::Bool(value),
            Resolved::Int(value) => Resolved::Int(value),
            Resolved::Uint(value) => Resolved::Uint(value),
            Resolved::Float(value) => Resolved::Float(value),
        })
    }

    #[test]
    fn words_of_yaml_1_1_are_booleans_and_null() {
        for text in ["y", "Yes", "ON", "true"] {
            assert_eq!(resolved("", text), Ok(Resolved::Bool(true)), "{text}");
        }
        for text in ["n", "No", "OFF", "false"] {
            assert_eq!(resolved("", text), Ok(Resolved::Bool(false)), "{text}");
        }
        for text in ["", "~", "null", "NULL"] {
            assert_eq!(resolved("", text), Ok(Resolved::Null), "{text}");
        }
        for text in ["yEs", "nULL", "tRUE", "="] {
            assert_eq!(resolved("", text), Ok(Resolved::Text(text.into())), "{text}");
        }
    }

    #[test]
    fn account_ids_are_numbers_in_every_base() {
        assert_eq!(resolved("", "111122223333"), Ok(Resolved::Int(111_122_223_333)));
        assert_eq!(resolved("", "012345"), Ok(Resolved::Int(0o12345)));
        assert_eq!(resolved("", "0x1F"), Ok(Resolved::Int(31)));
        assert_eq!(resolved("", "0b-101"), Ok(Resolved::Int(-5)));
        assert_eq!(resolved("", "1_000"), Ok(Resolved::Int(1000)));
        assert_eq!(resolved("", "099"), Ok(Resolved::Float(99.0)));
        assert_eq!(resolved("", "18446744073709551615"), Ok(Resolved::Uint(u64::MAX)));
        assert_eq!(resolved("", "-9223372036854775808"), Ok(Resolved::Int(i64::MIN)));
    }

    #[test]
    fn floats_need_what_go_needs() {
        assert_eq!(resolved("", ".5_0"), Ok(Resolved::Float(0.5)));
        for text in ["._5", ".5_", ".1__2", ".", "1.2.3", "1e", "0x", "+", "-", "1e999", ".1p3"] {
            assert_eq!(resolved("", text), Ok(Resolved::Text(text.into())), "{text}");
        }
    }

    #[test]
    fn a_tag_that_does_not_fit_is_an_error() {
        assert!(resolved(INT, "x").is_err());
        assert!(resolved(BOOL, "1").is_err());
        assert!(resolved(NULL, "x").is_err());
        assert!(resolved(TIMESTAMP, "yesterday").is_err());
        assert!(resolved(BINARY, "a").is_err());
        assert_eq!(resolved(TIMESTAMP, "2001-1-2"), Ok(Resolved::Text("2001-1-2".into())));
        assert_eq!(resolved(FLOAT, "5"), Ok(Resolved::Float(5.0)));
        assert_eq!(resolved(BINARY, "aGk="), Ok(Resolved::Text("hi".into())));
        assert_eq!(resolved("!mine", "5"), Ok(Resolved::Text("5".into())));
    }
}
