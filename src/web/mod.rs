//! Routes, extractors, pages.
