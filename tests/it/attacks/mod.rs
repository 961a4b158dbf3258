//! What an attacker tries in order to get in, or to lock others out. What a single function must refuse is tested
//! beside it (tokens in the domain, ways back in `web/sign_in.rs`, addresses in `web/limits.rs`); here are the attacks
//! that need the whole portal.

mod input;
mod proofs;
mod sign_in;
mod slow;
mod tokens;
mod unread;

/// Prints how many attacks were tried.
fn tried(count: usize, what: &str) {
    println!("attacks: {count} {what}");
}
