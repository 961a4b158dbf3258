//! A person at a browser: cookies, redirects, forms filled in as the page has them, and what the page says.

use reqwest::{StatusCode, header, redirect::Policy};
use scraper::{ElementRef, Html, Selector};
use std::sync::Arc;
use url::Url;

/// A browser without JavaScript.
#[derive(Clone)]
pub struct Browser {
    portal: Url,
    /// Follows redirects.
    following: reqwest::Client,
    /// Does not follow redirects; the cookies are the same.
    stopping: reqwest::Client,
    cookies: Arc<reqwest::cookie::Jar>,
}

/// The answer to a request.
#[derive(Debug, Clone)]
pub struct Page {
    pub status: StatusCode,
    pub url: Url,
    /// Where a redirect leads.
    pub location: Option<String>,
    pub headers: header::HeaderMap,
    pub body: String,
}

/// A form with the values of its fields, ready to be sent.
#[derive(Debug, Clone)]
pub struct Form {
    action: Url,
    fields: Vec<(String, String)>,
}

impl Browser {
    /// A browser with no cookies.
    pub fn new(portal: &Url) -> Self {
        let cookies = Arc::new(reqwest::cookie::Jar::default());
        let client =
            |policy| reqwest::Client::builder().cookie_provider(Arc::clone(&cookies)).redirect(policy).build().unwrap();
        let (following, stopping) = (client(Policy::limited(10)), client(Policy::none()));
        Self { portal: portal.clone(), following, stopping, cookies }
    }

    /// The value of one of the portal's cookies.
    pub fn cookie(&self, name: &str) -> Option<String> {
        use reqwest::cookie::CookieStore as _;
        let all = self.cookies.cookies(&self.portal)?;
        let pairs = all.to_str().unwrap().split("; ").filter_map(|pair| pair.split_once('='));
        pairs.filter(|(found, _)| *found == name).map(|(_, value)| value.to_owned()).next()
    }

    /// Puts a cookie into this browser.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.add_cookie_str(&format!("{name}={value}; Path=/"), &self.portal);
    }

    /// Signs in at the provider as this person. Gives the address that leads back to the portal, without opening it.
    pub async fn through_the_provider(&self, return_to: &str, handle: &str) -> Url {
        self.there_and_back(return_to, handle).await.1
    }

    /// The same with the address at the provider before it.
    pub async fn there_and_back(&self, return_to: &str, handle: &str) -> (Url, Url) {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("return_to", return_to).finish();
        let left = self.ask(&format!("/sign-in/start?{query}")).await;
        let there: Url = left.location.as_deref().unwrap_or_else(|| panic!("{}", left.text())).parse().unwrap();
        let provider = Page::read(self.following.get(there.clone()).send().await.unwrap()).await;
        let form = provider.form_around(&format!("button[value='{handle}']"));
        let answer = Page::read(self.stopping.post(form.action).form(&form.fields).send().await.unwrap()).await;
        (there, answer.location.as_deref().unwrap_or_else(|| panic!("{}", answer.text())).parse().unwrap())
    }

    /// Opens a page of the portal, and follows redirects.
    pub async fn open(&self, path: &str) -> Page {
        Page::read(self.following.get(self.at(path)).send().await.unwrap()).await
    }

    /// Asks for a page of the portal and follows no redirect.
    pub async fn ask(&self, path: &str) -> Page {
        Page::read(self.stopping.get(self.at(path)).send().await.unwrap()).await
    }

    /// Sends a form and follows no redirect: an answer of success is one.
    pub async fn send(&self, form: &Form) -> Page {
        let origin = form.action.origin().ascii_serialization();
        let request = self.stopping.post(form.action.clone()).form(&form.fields);
        let request = request.header(header::ORIGIN, origin).header("sec-fetch-site", "same-origin");
        Page::read(request.send().await.unwrap()).await
    }

    /// Sends a form, and follows redirects.
    pub async fn follow(&self, form: &Form) -> Page {
        Page::read(self.following.post(form.action.clone()).form(&form.fields).send().await.unwrap()).await
    }

    /// Sends a form that must succeed, and opens the page that it leads to.
    pub async fn submit(&self, form: &Form) -> Page {
        let answer = self.send(form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}: {}", form.action, answer.text());
        let page = self.open(answer.location.as_deref().unwrap()).await;
        assert_eq!(page.status, StatusCode::OK, "{}: {}", page.url, page.text());
        page
    }

    /// Posts these fields without a form, as a script does.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let fields = fields.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        self.send(&Form { action: self.at(path), fields }).await
    }

    /// Signs in as a person whom the provider shows as a button.
    pub async fn sign_in(&self, handle: &str) {
        let page = self.open("/sign-in?return_to=%2Fidentities").await;
        let start = page.attribute("a[href^='/sign-in/start']", "href").expect("the page has the way to sign in");
        let provider = self.open(&start).await;
        assert_ne!(provider.url.origin(), self.portal.origin(), "sign-in leaves for the provider: {}", provider.text());
        let form = provider.form_around(&format!("button[value='{handle}']"));
        let request = self.following.post(form.action).form(&form.fields);
        let back = Page::read(request.send().await.unwrap()).await;
        assert_eq!(back.url.origin(), self.portal.origin(), "sign-in leads back: {}", back.text());
        assert_eq!(back.status, StatusCode::OK, "{handle} is signed in: {}", back.text());
    }

    fn at(&self, path: &str) -> Url {
        self.portal.join(path).unwrap()
    }
}

impl Page {
    async fn read(response: reqwest::Response) -> Self {
        let (status, url, headers) = (response.status(), response.url().clone(), response.headers().clone());
        let location = headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Self { status, url, location, headers, body: response.text().await.unwrap() }
    }

    /// What a reader sees of the page's main part, in one line.
    pub fn text(&self) -> String {
        let text = self.texts("main").join(" ");
        if text.is_empty() { one_line(&self.body) } else { text }
    }

    /// What a reader sees of each element that the selector finds.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        self.each(selector, |element| one_line(&element.text().collect::<Vec<_>>().join(" ")))
    }

    /// The text of each element that the selector finds, letter by letter.
    pub fn raw(&self, selector: &str) -> Vec<String> {
        self.each(selector, |element| element.text().collect())
    }

    /// Whether the selector finds an element.
    pub fn has(&self, selector: &str) -> bool {
        !self.each(selector, |_| ()).is_empty()
    }

    /// An attribute of the first element that the selector finds.
    pub fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        self.each(selector, |element| element.value().attr(name).map(str::to_owned)).into_iter().next().flatten()
    }

    /// Asserts that the page says this.
    pub fn says(&self, words: &str) {
        assert!(self.text().contains(words), "{} does not say {words:?}: {}", self.url, self.text());
    }

    /// Asserts that the page says one of several things.
    pub fn says_one_of(&self, words: &[&str]) {
        let text = self.text();
        assert!(words.iter().any(|words| text.contains(words)), "{} says none of {words:?}: {text}", self.url);
    }

    /// The form that posts to this path.
    pub fn form(&self, action: &str) -> Form {
        self.find_form(&format!("form[action='{action}']"))
    }

    fn find_form(&self, selector: &str) -> Form {
        let url = self.url.clone();
        let found = self.each(selector, |form| Form::of(&url, form)).into_iter().next();
        found.unwrap_or_else(|| panic!("{} has no {selector}: {}", self.url, self.text()))
    }

    /// The form around a button, with the button pressed.
    pub fn form_around(&self, button: &str) -> Form {
        let url = self.url.clone();
        let found = self.each(button, |button| {
            let form = button.ancestors().filter_map(ElementRef::wrap).find(|e| e.value().name() == "form")?;
            let name = button.value().attr("name").unwrap_or_default();
            Some(Form::of(&url, form).with(name, button.value().attr("value").unwrap_or_default()))
        });
        found.into_iter().flatten().next().unwrap_or_else(|| panic!("{} has no {button}: {}", self.url, self.text()))
    }

    fn each<T>(&self, selector: &str, of: impl Fn(ElementRef<'_>) -> T) -> Vec<T> {
        let html = Html::parse_document(&self.body);
        html.select(&Selector::parse(selector).unwrap()).map(of).collect()
    }
}

impl Form {
    fn of(page: &Url, form: ElementRef<'_>) -> Self {
        let action = form.value().attr("action").map_or_else(|| page.clone(), |action| page.join(action).unwrap());
        let controls = Selector::parse("input[name], textarea[name]").unwrap();
        let fields = form.select(&controls).filter_map(holds).collect();
        Self { action, fields }
    }

    /// The same form with a field filled in or chosen, or a button pressed.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(field, _)| field != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The value of a field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

/// What a browser would send for a control, if anything.
fn holds(control: ElementRef<'_>) -> Option<(String, String)> {
    let attribute = |name| control.value().attr(name);
    let name = attribute("name")?.to_owned();
    if control.value().name() == "textarea" {
        return Some((name, control.text().collect()));
    }
    match attribute("type") {
        Some("radio" | "checkbox") => {
            attribute("checked").map(|_| (name, attribute("value").unwrap_or("on").to_owned()))
        }
        Some("submit" | "button" | "reset") => None,
        Some(_) | None => Some((name, attribute("value").unwrap_or_default().to_owned())),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
