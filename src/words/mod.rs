//! Whole sentences for pages, mail and terminal.
