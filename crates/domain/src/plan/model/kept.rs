//! Values that do not change any more: shared, and identified by a digest.

use std::{
    collections::hash_map::DefaultHasher,
    fmt::{self, Debug, Write as _},
    hash::Hasher as _,
    ops::Deref,
    rc::Rc,
};

/// What a run has seen or decided. Copies share it, and `Debug` shows its digest, so that towns which differ little are
/// copied and compared quickly.
#[derive(Clone)]
pub struct Kept<T>(Rc<(u64, T)>);

impl<T: Debug> Kept<T> {
    pub fn new(value: T) -> Self {
        Self(Rc::new((digest(&value), value)))
    }
}

impl<T: Debug + Clone> Kept<T> {
    /// Changes this copy; the other copies stay as they are.
    pub fn change<R>(&mut self, change: impl FnOnce(&mut T) -> R) -> R {
        let mut value = T::clone(self);
        let result = change(&mut value);
        *self = Self::new(value);
        result
    }
}

impl<T> Deref for Kept<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.1
    }
}

impl<T> Debug for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0.0)
    }
}

/// The digest of everything that `Debug` shows.
pub fn digest(value: &impl Debug) -> u64 {
    struct Text(DefaultHasher);
    impl fmt::Write for Text {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.write(text.as_bytes());
            Ok(())
        }
    }
    let mut text = Text(DefaultHasher::new());
    let _ = write!(text, "{value:?}");
    text.0.finish()
}
