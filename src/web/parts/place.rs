//! Where it runs, and whether what runs there is what was agreed.

/// How a tag is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TagTone {
    /// Checked and right.
    Good,
    /// Wrong.
    Bad,
    /// To be watched.
    Warn,
    /// A fact.
    Plain,
}

/// A small fact beside something.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tag {
    /// How it is meant.
    pub tone: TagTone,
    /// An icon's name, or none.
    pub icon: &'static str,
    /// The words.
    pub label: String,
}

impl Tag {
    /// Checked and right.
    pub fn good(label: &str) -> Self {
        Self { tone: TagTone::Good, icon: "ok", label: label.to_owned() }
    }

    /// Wrong.
    pub fn bad(label: &str) -> Self {
        Self { tone: TagTone::Bad, icon: "tagoff", label: label.to_owned() }
    }

    /// To be watched.
    pub fn warn(label: &str) -> Self {
        Self { tone: TagTone::Warn, icon: "alert", label: label.to_owned() }
    }

    /// A fact.
    pub fn plain(label: &str) -> Self {
        Self { tone: TagTone::Plain, icon: "", label: label.to_owned() }
    }

    /// Its class.
    pub fn class(&self) -> &'static str {
        match self.tone {
            TagTone::Good => "ok",
            TagTone::Bad => "bad",
            TagTone::Warn => "warn",
            TagTone::Plain => "",
        }
    }
}

/// One line of a list of facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What: `Host`.
    pub term: &'static str,
    /// Its value, or nothing where the tag says it all.
    pub value: String,
    /// A name, set in mono.
    pub name: bool,
    /// A tag behind the value.
    pub tag: Option<Tag>,
    /// Where the tag leads, or nowhere.
    pub leads: &'static str,
}

impl Fact {
    /// A name.
    pub fn name(term: &'static str, value: &str) -> Self {
        Self { term, value: value.to_owned(), name: true, tag: None, leads: "" }
    }

    /// Words.
    pub fn words(term: &'static str, value: &str) -> Self {
        Self { name: false, ..Self::name(term, value) }
    }

    /// A tag alone.
    pub fn tag(term: &'static str, tag: Tag) -> Self {
        Self { tag: Some(tag), ..Self::words(term, "") }
    }

    /// The same with a tag that leads somewhere.
    pub fn leading(self, leads: &'static str) -> Self {
        Self { leads, ..self }
    }

    /// The same with a tag behind it.
    pub fn with(self, tag: Tag) -> Self {
        Self { tag: Some(tag), ..self }
    }
}

/// One server on which the device runs or is placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The device server's name.
    pub server: String,
    /// Instance, host, version, server: in this order.
    pub facts: Vec<Fact>,
}
