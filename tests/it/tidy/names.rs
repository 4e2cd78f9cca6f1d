//! Collects the names that a source file uses: every path in `use` trees, types, expressions and the tokens of macros.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// The paths that a file uses, and whether it awaits.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// The paths as they are written, such as `crate::config::Problems`; `use` trees are expanded.
    pub paths: Vec<String>,
    pub has_async: bool,
}

impl Names {
    pub(super) fn of(source: &str) -> Self {
        let file = syn::parse_file(source).expect("a source file of this repository parses");
        let mut names = Self::default();
        names.visit_file(&file);
        names
    }

    /// Whether a path begins with these segments, at its start or after `crate`.
    pub(super) fn has(&self, start: &str) -> bool {
        self.paths.iter().any(|path| {
            let path = path.strip_prefix("::").unwrap_or(path);
            path == start || path.starts_with(&format!("{start}::"))
        })
    }

    /// Whether a path ends with these segments, such as `Instant::now` however `Instant` was imported.
    pub(super) fn has_end(&self, end: &str) -> bool {
        self.paths
            .iter()
            .any(|path| path == end || path.ends_with(&format!("::{end}")))
    }

    fn spread(&mut self, before: &str, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => {
                let before = format!("{before}{}::", path.ident);
                self.spread(&before, &path.tree);
            }
            syn::UseTree::Name(name) if name.ident == "self" => {
                self.paths.push(before.trim_end_matches("::").to_owned())
            }
            syn::UseTree::Name(name) => self.paths.push(format!("{before}{}", name.ident)),
            syn::UseTree::Rename(rename) => self.paths.push(format!("{before}{}", rename.ident)),
            syn::UseTree::Glob(_) => self.paths.push(format!("{before}*")),
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.spread(before, tree);
                }
            }
        }
    }

    /// Reads the tokens of a macro. They are not parsed, so paths are put together from identifiers with `::` between
    /// them.
    fn read_tokens(&mut self, tokens: TokenStream) {
        let mut path = String::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if ident == "async" || ident == "await" {
                        self.has_async = true;
                    }
                    if colons == 2 && !path.is_empty() {
                        path.push_str("::");
                    } else if !path.is_empty() {
                        self.paths.push(std::mem::take(&mut path));
                    }
                    path.push_str(&ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                other => {
                    if !path.is_empty() {
                        self.paths.push(std::mem::take(&mut path));
                    }
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.read_tokens(group.stream());
                    }
                }
            }
        }
        if !path.is_empty() {
            self.paths.push(path);
        }
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.spread("", &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments = path.segments.iter();
        let words: Vec<String> = segments.map(|segment| segment.ident.to_string()).collect();
        self.paths.push(words.join("::"));
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        visit::visit_macro(self, call);
        self.read_tokens(call.tokens.clone());
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.has_async |= signature.asyncness.is_some();
        visit::visit_signature(self, signature);
    }

    fn visit_expr_async(&mut self, block: &'ast syn::ExprAsync) {
        self.has_async = true;
        visit::visit_expr_async(self, block);
    }

    fn visit_expr_await(&mut self, wait: &'ast syn::ExprAwait) {
        self.has_async = true;
        visit::visit_expr_await(self, wait);
    }
}

#[test]
fn a_forbidden_name_is_found_in_every_position() {
    for (source, expected) in [
        ("use crate::config::Problems;", true),
        ("use crate::{audit, config::{Problem, Problems}};", true),
        ("use crate::{a::{b, c}, config};", true),
        ("use crate::{config as site};", true),
        ("use crate::config::*;", true),
        ("use crate::config::{self, sections};", true),
        ("fn f() -> crate::config::Problems { todo!() }", true),
        ("fn f() { crate::config::load(); }", true),
        (
            "fn f() { println!(\"{}\", crate::config::schema()); }",
            true,
        ),
        ("// use crate::config::Problems;\nfn f() {}", false),
        ("const S: &str = \"crate::config::x\";", false),
        ("use crate::configure::X;", false),
        ("use other::crate_config::X;", false),
    ] {
        let names = Names::of(source);
        assert_eq!(names.has("crate::config"), expected, "{source}: {names:?}");
    }
}

#[test]
fn a_clock_and_a_wait_are_found_in_every_position() {
    for (source, clock, wait) in [
        (
            "use std::time::Instant; fn f() { Instant::now(); }",
            true,
            false,
        ),
        ("fn f() { std::time::Instant::now(); }", true, false),
        ("fn f() { assert!(Instant::now() > t); }", true, false),
        ("fn f(now: Instant) {}", false, false),
        ("async fn f() {}", false, true),
        ("fn f() { let x = async { 1 }; }", false, true),
        ("fn f() { select!(x.await) }", false, true),
    ] {
        let names = Names::of(source);
        let found = (names.has_end("Instant::now"), names.has_async);
        assert_eq!(found, (clock, wait), "{source}");
    }
}
