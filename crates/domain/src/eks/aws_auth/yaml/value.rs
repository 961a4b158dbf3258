//! A node as a value, as Go's yaml decodes it into an untyped variable.
//!
//! It does not recurse: aliases may nest deeper than any stack. Only the upper levels of the value are kept, since of
//! the levels below them it only matters whether JSON can represent them.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::YamlFault;
use super::document::{Document, NodeId, NodeKind};
use super::scalar::{self, Resolved};

/// Go refuses JSON that is nested deeper.
const DEEPEST: usize = 10_000;

/// Collections below this level are not kept: the groups of an entry are the third level.
const KEPT_LEVELS: usize = 5;

/// Mappings with fewer keys are searched, larger ones are indexed.
const SEARCHED: usize = 12;

/// A decoded value.
#[derive(Debug)]
pub enum Value<'d> {
    Null,
    Bool,
    Number,
    Text(Cow<'d, str>),
    List(Vec<YamlItem<'d>>),
    Map(Vec<YamlField<'d>>),
    /// A collection too deep to be kept.
    Deep,
}

/// A value and the node that it came from; behind an alias, that is the anchored node.
#[derive(Debug)]
pub struct YamlItem<'d> {
    pub line: usize,
    pub value: Value<'d>,
}

/// A key that is a text, and its value. Other keys are checked and dropped, since they never name a field.
#[derive(Debug)]
pub struct YamlField<'d> {
    pub name: Cow<'d, str>,
    pub line: usize,
    /// Whether an equal key came before it, which it replaces.
    pub repeated: bool,
    pub value: Value<'d>,
}

/// Decodes the document. The error is the one for which Go refuses the text as a whole.
pub fn decode(document: &Document) -> Result<Value<'_>, YamlFault> {
    let Some(root) = document.root else { return Ok(Value::Null) };
    let decoded = Decoder::new(document).run(root)?;
    match decoded.unfit {
        Some(fault) => Err(fault),
        None => Ok(decoded.value),
    }
}

/// A value, and why JSON cannot represent it. That is not an error until the end, since a later equal key may replace
/// it.
struct Decoded<'d> {
    value: Value<'d>,
    unfit: Option<YamlFault>,
    key: YamlKey<'d>,
}

/// What makes two keys of a Go map equal.
#[derive(Clone, PartialEq, Eq, Hash)]
enum YamlKey<'d> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(u64),
    Text(Cow<'d, str>),
    Collection,
}

/// A mapping while it is filled.
#[derive(Default)]
struct Filling<'d> {
    slots: Vec<Slot<'d>>,
    /// The positions of the slots beyond the first few.
    index: HashMap<YamlKey<'d>, usize>,
}

struct Slot<'d> {
    key: YamlKey<'d>,
    line: usize,
    done: Decoded<'d>,
    merged: bool,
    repeated: bool,
}

enum Frame<'d> {
    Sequence {
        items: &'d [NodeId],
        next: usize,
        values: Vec<YamlItem<'d>>,
        unfit: Option<YamlFault>,
    },
    Mapping {
        fields: &'d [NodeId],
        next: usize,
        awaits: Awaits<'d>,
        merges: bool,
    },
    Alias(NodeId),
    /// Mappings to be merged, the last first.
    Merges(Vec<NodeId>),
}

enum Awaits<'d> {
    Nothing,
    Key,
    Value(YamlKey<'d>, usize),
    Merge,
}

struct Decoder<'d> {
    document: &'d Document,
    stack: Vec<Frame<'d>>,
    filling: Vec<Filling<'d>>,
    aliases: HashSet<NodeId>,
    level: usize,
    decoded: usize,
    decoded_in_alias: usize,
}

impl<'d> Decoder<'d> {
    fn new(document: &'d Document) -> Self {
        Self {
            document,
            stack: Vec::new(),
            filling: Vec::new(),
            aliases: HashSet::new(),
            level: 0,
            // Go counts the document node, too.
            decoded: 1,
            decoded_in_alias: 0,
        }
    }

    fn run(mut self, root: NodeId) -> Result<Decoded<'d>, YamlFault> {
        let mut done = self.enter(root, false)?;
        while let Some(frame) = self.stack.pop() {
            done = self.advance(frame, done)?;
        }
        done.ok_or_else(|| YamlFault::new(1, "no value"))
    }

    /// Begins a node: a scalar is finished at once, any other node goes on the stack.
    fn enter(&mut self, id: NodeId, merges: bool) -> Result<Option<Decoded<'d>>, YamlFault> {
        let document = self.document;
        let node = document.node(id);
        self.count(node.line)?;
        match &node.kind {
            NodeKind::Scalar(scalar) => {
                let resolved = scalar::resolve(scalar).map_err(|message| YamlFault::new(node.line, message))?;
                return Ok(Some(simple(resolved, node.line)));
            }
            NodeKind::Sequence { items, .. } => {
                self.descend(node.line)?;
                self.stack.push(Frame::Sequence { items, next: 0, values: Vec::new(), unfit: None });
            }
            NodeKind::Mapping { fields, .. } => {
                if !merges {
                    self.descend(node.line)?;
                    self.filling.push(Filling::default());
                }
                self.stack.push(Frame::Mapping { fields, next: 0, awaits: Awaits::Nothing, merges });
            }
            NodeKind::Alias(target) => {
                if !self.aliases.insert(id) {
                    return Err(YamlFault::new(node.line, "an anchor's value contains itself"));
                }
                self.stack.push(Frame::Alias(id));
                return self.enter(*target, merges);
            }
        }
        Ok(None)
    }

    fn descend(&mut self, line: usize) -> Result<(), YamlFault> {
        self.level += 1;
        if self.level > DEEPEST { Err(YamlFault::new(line, "exceeded max depth")) } else { Ok(()) }
    }

    /// Go's guard against texts that grow without bound through their aliases.
    fn count(&mut self, line: usize) -> Result<(), YamlFault> {
        self.decoded += 1;
        if !self.aliases.is_empty() {
            self.decoded_in_alias += 1;
        }
        if self.decoded_in_alias > 100 && self.decoded > 1000 {
            #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
            let (all, aliased) = (self.decoded as f64, self.decoded_in_alias as f64);
            let allowed = match self.decoded {
                ..=400_000 => 0.99,
                4_000_000.. => 0.10,
                _ => 0.99 - 0.89 * ((all - 400_000.0) / 3_600_000.0),
            };
            if aliased / all > allowed {
                return Err(YamlFault::new(line, "document contains excessive aliasing"));
            }
        }
        Ok(())
    }

    /// Continues a frame, which may have waited for `done`.
    fn advance(&mut self, frame: Frame<'d>, done: Option<Decoded<'d>>) -> Result<Option<Decoded<'d>>, YamlFault> {
        match frame {
            Frame::Alias(id) => {
                self.aliases.remove(&id);
                Ok(done)
            }
            Frame::Merges(mut rest) => match rest.pop() {
                Some(next) => {
                    self.stack.push(Frame::Merges(rest));
                    self.enter(next, true)
                }
                None => Ok(None),
            },
            Frame::Sequence { items, next, values, unfit } => self.sequence(items, next, values, unfit, done),
            Frame::Mapping { fields, next, awaits, merges } => self.mapping(fields, next, awaits, merges, done),
        }
    }

    fn sequence(
        &mut self,
        items: &'d [NodeId],
        next: usize,
        mut values: Vec<YamlItem<'d>>,
        mut unfit: Option<YamlFault>,
        done: Option<Decoded<'d>>,
    ) -> Result<Option<Decoded<'d>>, YamlFault> {
        if let Some(done) = done {
            let line = self.document.node(items[next - 1]).line;
            unfit = unfit.or(done.unfit);
            if self.level <= KEPT_LEVELS {
                values.push(YamlItem { line, value: done.value });
            }
        }
        if let Some(&item) = items.get(next) {
            self.stack.push(Frame::Sequence { items, next: next + 1, values, unfit });
            self.enter(item, false)
        } else {
            let kept = self.level <= KEPT_LEVELS;
            self.level -= 1;
            let value = if kept { Value::List(values) } else { Value::Deep };
            Ok(Some(Decoded { value, unfit, key: YamlKey::Collection }))
        }
    }

    fn mapping(
        &mut self,
        fields: &'d [NodeId],
        next: usize,
        awaits: Awaits<'d>,
        merges: bool,
        done: Option<Decoded<'d>>,
    ) -> Result<Option<Decoded<'d>>, YamlFault> {
        let Some(&id) = fields.get(next) else {
            self.store(awaits, done, merges);
            return Ok(if merges { None } else { self.filled() });
        };
        let node = self.document.node(id);
        if let (Awaits::Key, Some(key)) = (&awaits, &done) {
            if key.key == YamlKey::Collection {
                return Err(YamlFault::new(node.line, "invalid map key: a list or a mapping"));
            }
            let line = self.document.node(fields[next - 1]).line;
            let awaits = Awaits::Value(key.key.clone(), line);
            self.stack.push(Frame::Mapping { fields, next: next + 1, awaits, merges });
            return self.enter(id, false);
        }
        self.store(awaits, done, merges);
        if self.document.scalar(id).is_some_and(scalar::is_merge) {
            self.stack.push(Frame::Mapping { fields, next: next + 2, awaits: Awaits::Merge, merges });
            return self.merge(fields[next + 1]);
        }
        self.stack.push(Frame::Mapping { fields, next: next + 1, awaits: Awaits::Key, merges });
        self.enter(id, false)
    }

    /// Puts a finished value into the mapping that is being filled.
    fn store(&mut self, awaits: Awaits<'d>, done: Option<Decoded<'d>>, merged: bool) {
        if let (Awaits::Value(key, line), Some(done), Some(filling)) = (awaits, done, self.filling.last_mut()) {
            filling.set(Slot { key, line, done, merged, repeated: false });
        }
    }

    /// Begins the value of `<<`: a mapping, or several of which the earlier ones take precedence.
    fn merge(&mut self, id: NodeId) -> Result<Option<Decoded<'d>>, YamlFault> {
        let document = self.document;
        let is_mapping = |id: NodeId| {
            let kind = &document.node(id).kind;
            let kind = if let NodeKind::Alias(target) = kind { &document.node(*target).kind } else { kind };
            matches!(kind, NodeKind::Mapping { .. })
        };
        let node = document.node(id);
        match &node.kind {
            NodeKind::Sequence { items, .. } if items.iter().all(|&item| is_mapping(item)) => {
                self.stack.push(Frame::Merges(items.clone()));
                Ok(None)
            }
            NodeKind::Mapping { .. } | NodeKind::Alias(_) if is_mapping(id) => self.enter(id, true),
            NodeKind::Scalar(_) | NodeKind::Sequence { .. } | NodeKind::Mapping { .. } | NodeKind::Alias(_) => {
                Err(YamlFault::new(node.line, "map merge requires map or sequence of maps as the value"))
            }
        }
    }

    fn filled(&mut self) -> Option<Decoded<'d>> {
        let kept = self.level <= KEPT_LEVELS;
        self.level -= 1;
        let filling = self.filling.pop()?;
        let mut unfit = None;
        let mut kept_fields = Vec::new();
        for Slot { key, line, done, repeated, .. } in filling.slots {
            unfit = unfit.or(done.unfit);
            match key {
                YamlKey::Null | YamlKey::Uint(_) => {
                    unfit = unfit.or_else(|| Some(YamlFault::new(line, "unsupported map key")));
                }
                YamlKey::Text(name) if kept => kept_fields.push(YamlField { name, line, repeated, value: done.value }),
                YamlKey::Text(_) | YamlKey::Bool(_) | YamlKey::Int(_) | YamlKey::Float(_) | YamlKey::Collection => {}
            }
        }
        let value = if kept { Value::Map(kept_fields) } else { Value::Deep };
        Some(Decoded { value, unfit, key: YamlKey::Collection })
    }
}

impl<'d> Filling<'d> {
    /// Stores a value; it replaces that of an equal key.
    fn set(&mut self, mut slot: Slot<'d>) {
        // NaN equals nothing, not even itself.
        let is_nan = matches!(slot.key, YamlKey::Float(bits) if f64::from_bits(bits).is_nan());
        let found = if is_nan { None } else { self.find(&slot.key) };
        if let Some(index) = found {
            slot.repeated = !slot.merged && !self.slots[index].merged;
            self.slots[index] = slot;
        } else {
            if self.slots.len() >= SEARCHED {
                self.index.insert(slot.key.clone(), self.slots.len());
            }
            self.slots.push(slot);
        }
    }

    fn find(&self, key: &YamlKey<'d>) -> Option<usize> {
        let searched = &self.slots[..self.slots.len().min(SEARCHED)];
        searched.iter().position(|other| other.key == *key).or_else(|| self.index.get(key).copied())
    }
}

fn simple(resolved: Resolved<'_>, line: usize) -> Decoded<'_> {
    let (value, key) = match resolved {
        Resolved::Null => (Value::Null, YamlKey::Null),
        Resolved::Bool(value) => (Value::Bool, YamlKey::Bool(value)),
        Resolved::Int(number) => (Value::Number, YamlKey::Int(number)),
        Resolved::Uint(number) => (Value::Number, YamlKey::Uint(number)),
        Resolved::Float(number) => {
            let unfit =
                (!number.is_finite()).then(|| YamlFault::new(line, "json: unsupported value: no finite number"));
            // Go's positive and negative zero are equal.
            let bits = if number == 0.0 { 0 } else { number.to_bits() };
            return Decoded { value: Value::Number, unfit, key: YamlKey::Float(bits) };
        }
        Resolved::Text(text) => (Value::Text(text.clone()), YamlKey::Text(text)),
    };
    Decoded { value, unfit: None, key }
}
