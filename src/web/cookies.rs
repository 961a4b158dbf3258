//! Cookies: the session's and the sign-in attempt's. If the public URL is https they are `__Host-`, Secure, HttpOnly,
//! SameSite=Lax. On http they have neither prefix nor Secure, since browsers do not keep a Secure cookie there;
//! configuration allows http on a loopback host only.

use super::Site;
use axum::http::{HeaderMap, HeaderValue, header};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};

/// What the cookie is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CookieKind {
    /// The session's token. The cookie lasts until the browser closes; the server decides when the session ends.
    Session,
    /// Binds a sign-in in progress to this browser.
    Attempt,
}

/// How long an attempt is valid.
const ATTEMPT_SECONDS: u32 = 600;

impl CookieKind {
    fn name(self, site: &Site) -> &'static str {
        match (self, site.is_https()) {
            (Self::Session, true) => "__Host-latchkey",
            (Self::Session, false) => "latchkey",
            (Self::Attempt, true) => "__Host-latchkey-sign-in",
            (Self::Attempt, false) => "latchkey-sign-in",
        }
    }

    /// The cookie's value, if the browser sent one.
    pub fn read(self, headers: &HeaderMap, site: &Site) -> Option<String> {
        let jar = CookieJar::from_headers(headers);
        jar.get(self.name(site)).map(|cookie| cookie.value().to_owned()).filter(|value| !value.is_empty())
    }

    /// A Set-Cookie header with this token.
    pub fn set(self, token: &str, site: &Site) -> HeaderValue {
        let cookie = self.build(token.to_owned(), site).to_string();
        value(match self {
            Self::Session => cookie,
            Self::Attempt => format!("{cookie}; Max-Age={ATTEMPT_SECONDS}"),
        })
    }

    /// A Set-Cookie header that removes the cookie.
    pub fn clear(self, site: &Site) -> HeaderValue {
        value(format!("{}; Max-Age=0", self.build(String::new(), site)))
    }

    fn build(self, token: String, site: &Site) -> Cookie<'static> {
        // Lax, since a Strict cookie is not sent on the redirect back from the identity provider.
        Cookie::build((self.name(site), token))
            .path("/")
            .http_only(true)
            .secure(site.is_https())
            .same_site(SameSite::Lax)
            .build()
    }
}

fn value(cookie: String) -> HeaderValue {
    // Tokens are base64url, so the header is always valid. If it were not, the browser would get an empty one.
    HeaderValue::try_from(cookie).unwrap_or(HeaderValue::from_static(""))
}

/// The Set-Cookie header's name, for handlers that answer with one.
pub const SET_COOKIE: header::HeaderName = header::SET_COOKIE;

impl Site {
    /// Whether browsers reach the portal by https.
    pub fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_for_this_host_alone_and_for_no_script() {
        let set = |kind: CookieKind, url| kind.set("token", &Site::sample(url)).to_str().unwrap().to_owned();
        // No Domain, since other hosts would share the cookie; no age, since the session's cookie ends with the
        // browser.
        let https = "https://latchkey.example.com/";
        assert_eq!(set(CookieKind::Session, https), "__Host-latchkey=token; HttpOnly; SameSite=Lax; Secure; Path=/");
        assert_eq!(
            set(CookieKind::Attempt, https),
            "__Host-latchkey-sign-in=token; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=600"
        );
        assert_eq!(
            set(CookieKind::Session, "http://127.0.0.1:8080/"),
            "latchkey=token; HttpOnly; SameSite=Lax; Path=/"
        );
    }
}
