//! Pages: `maxResults`, `nextToken`, and pages that are empty although there is more.

use serde_json::{Value, json};

use super::{Request, invalid_parameter};
use crate::aws::error::ApiError;

/// The most that one page holds.
const LARGEST: usize = 100;

/// Where a list goes on.
#[derive(Debug, Default)]
struct Token {
    /// How many empty pages were given since the last page that was not.
    empty: usize,
    /// The key of the last item that was given.
    after: String,
}

impl Token {
    fn read(text: &str) -> Option<Self> {
        let text = String::from_utf8(hex::decode(text).ok()?).ok()?;
        let (empty, after) = text.split_once(':')?;
        Some(Self { empty: empty.parse().ok()?, after: after.to_owned() })
    }

    fn write(&self) -> String {
        hex::encode(format!("{}:{}", self.empty, self.after))
    }
}

impl Request<'_> {
    /// The page of `items` that maxResults and nextToken ask for, as `{list: [..], nextToken}`. The items are keyed and
    /// sorted by their key; `empty` pages without an item come before each page.
    ///
    /// # Errors
    /// `InvalidParameterException`: maxResults is not from 1 to 100, or the token is invalid.
    pub(super) fn page(&self, list: &str, empty: usize, items: Vec<(String, Value)>) -> Result<Value, ApiError> {
        let most = match self.parameter("maxResults") {
            None => LARGEST,
            Some(text) => text
                .parse()
                .ok()
                .filter(|n| (1..=LARGEST).contains(n))
                .ok_or_else(|| invalid_parameter("maxResults must be from 1 to 100."))?,
        };
        let token = match self.parameter("nextToken") {
            None => Token::default(),
            Some(text) => Token::read(text).ok_or_else(|| invalid_parameter("The nextToken is invalid."))?,
        };
        if token.empty < empty {
            let next = Token { empty: token.empty + 1, ..token };
            return Ok(json!({ list: [], "nextToken": next.write() }));
        }
        let mut items: Vec<_> = items.into_iter().filter(|(key, _)| *key > token.after).collect();
        let more = items.len() > most;
        items.truncate(most);
        let end = items.last().filter(|_| more);
        let next = end.map(|(key, _)| Token { empty: 0, after: key.clone() }.write());
        let items: Vec<_> = items.into_iter().map(|(_, item)| item).collect();
        Ok(json!({ list: items, "nextToken": next }))
    }
}
