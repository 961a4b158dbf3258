//! What somebody tries who wants in, or wants others out. What a single function must refuse is tried beside it (tokens in
//! the domain, ways back in `web/sign_in.rs`, addresses in `web/limits.rs`); here is what needs the whole portal.

mod input;
mod proofs;
mod sign_in;
mod slow;
mod tokens;
mod unread;

/// Tells how much was tried, for whoever counts.
fn tried(count: usize, what: &str) {
    println!("attacks: {count} {what}");
}
