//! Owns what is done with one source: types are taken out, and what it imports is found. Plain JavaScript
//! stays as it is, byte for byte.

use std::path::Path;

use anyhow::bail;
use oxc::allocator::Allocator;
use oxc::ast::ast::{
    Argument, CallExpression, ExportAllDeclaration, ExportFromDeclaration, Expression,
    ImportDeclaration, ImportExpression, Program, StringLiteral,
};
use oxc::ast_visit::{Visit, walk};
use oxc::codegen::{Codegen, CodegenOptions};
use oxc::diagnostics::OxcDiagnostic;
use oxc::parser::Parser;
use oxc::semantic::SemanticBuilder;
use oxc::span::SourceType;
use oxc::transformer::{TransformOptions, Transformer};

/// A source, ready for the engine.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) text: String,
    /// The mappings of a source map, if the text is not the author's.
    pub(super) mappings: Option<String>,
    /// What it asks for, each once.
    pub(super) requests: Vec<Request>,
    /// Whether it is a script of CommonJS rather than a module.
    pub(super) is_script: bool,
}

/// A module that another asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) specifier: String,
    /// Whether it is asked for by `require`.
    pub(super) is_required: bool,
}

/// What kind of file a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Module,
    Script,
    /// A module if there is any sign of that in it.
    Either,
}

/// Reads a source. `name` is for messages.
pub(super) fn read(name: &str, text: String, kind: Kind) -> anyhow::Result<Source> {
    let path = Path::new(name);
    let language = SourceType::from_path(path)?;
    let language = match kind {
        Kind::Module => language.with_module(true),
        // What a script may have beside its statements, a function may.
        Kind::Script => language.with_commonjs(true),
        Kind::Either => language.with_unambiguous(true),
    };
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, &text, language).parse();
    if let Some(wrong) = parsed.diagnostics.first() {
        bail!("{}", located(name, &text, wrong));
    }
    let is_script = match kind {
        Kind::Either => !parsed.module_record.has_module_syntax,
        _ => kind == Kind::Script,
    };
    let mut program = parsed.program;
    let generated = if language.is_typescript() || language.is_jsx() {
        Some(without_types(&allocator, name, &text, &mut program)?)
    } else {
        None
    };
    let mut requests = Requests { found: Vec::new(), is_script };
    requests.visit_program(&program);
    let requests = requests.found;
    let (text, mappings) = generated.map_or((text, None), |(text, map)| (text, Some(map)));
    Ok(Source { text, mappings, requests, is_script })
}

fn without_types<'a>(
    allocator: &'a Allocator,
    name: &str,
    text: &str,
    program: &mut Program<'a>,
) -> anyhow::Result<(String, String)> {
    let checked =
        SemanticBuilder::new().with_check_syntax_error(true).with_enum_eval(true).build(program);
    if let Some(wrong) = checked.diagnostics.first() {
        bail!("{}", located(name, text, wrong));
    }
    let scoping = checked.semantic.into_scoping();
    let options = TransformOptions::default();
    let path = Path::new(name);
    let transformed =
        Transformer::new(allocator, path, &options).build_with_scoping(scoping, program);
    if let Some(wrong) = transformed.diagnostics.first() {
        bail!("{}", located(name, text, wrong));
    }
    let options = CodegenOptions { source_map_path: Some(path.to_owned()), ..Default::default() };
    let generated = Codegen::new().with_options(options).with_source_text(text).build(program);
    let mappings = generated.map.map(|map| map.to_json().mappings).unwrap_or_default();
    Ok((generated.code, mappings))
}

/// Returns a message with the place it is about.
fn located(name: &str, text: &str, wrong: &OxcDiagnostic) -> String {
    let offset = wrong.labels.first().map_or(0, |label| label.offset());
    let before = text.get(..offset as usize).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("{name}:{line}:{column}: {}", wrong.message)
}

struct Requests {
    found: Vec<Request>,
    is_script: bool,
}

impl Requests {
    fn add(&mut self, specifier: &StringLiteral, is_required: bool) {
        let request = Request { specifier: specifier.value.to_string(), is_required };
        if !self.found.contains(&request) {
            self.found.push(request);
        }
    }
}

impl<'a> Visit<'a> for Requests {
    fn visit_import_declaration(&mut self, import: &ImportDeclaration<'a>) {
        self.add(&import.source, false);
    }

    fn visit_export_from_declaration(&mut self, export: &ExportFromDeclaration<'a>) {
        self.add(&export.source, false);
    }

    fn visit_export_all_declaration(&mut self, export: &ExportAllDeclaration<'a>) {
        self.add(&export.source, false);
    }

    fn visit_import_expression(&mut self, import: &ImportExpression<'a>) {
        if let Expression::StringLiteral(specifier) = &import.source {
            self.add(specifier, false);
        }
        walk::walk_import_expression(self, import);
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        let is_require =
            matches!(&call.callee, Expression::Identifier(name) if name.name == "require");
        if let (true, [Argument::StringLiteral(specifier)]) =
            (is_require && self.is_script, call.arguments.as_slice())
        {
            self.add(specifier, true);
        }
        walk::walk_call_expression(self, call);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn specifiers(source: &Source) -> Vec<&str> {
        source.requests.iter().map(|request| request.specifier.as_str()).collect()
    }

    #[test]
    fn plain_javascript_stays_as_it_is() {
        let text = "import a from 'a';\nexport * from \"b\";\nexport { c } from 'c';\n\nconst d = () => import('d');  // d\n";
        let source = read("src/x.js", text.to_owned(), Kind::Either).unwrap();
        assert_eq!(source.text, text);
        assert_eq!((source.mappings.clone(), source.is_script), (None, false));
        assert_eq!(specifiers(&source), ["a", "b", "c", "d"]);
    }

    #[test]
    fn scripts_are_told_from_modules() {
        let text = "const a = require('a'); module.exports = () => require('b') + require(a);";
        let source = read("x.js", text.to_owned(), Kind::Either).unwrap();
        assert!(source.is_script && source.requests.iter().all(|request| request.is_required));
        assert_eq!(specifiers(&source), ["a", "b"]);
        let module =
            read("x.js", "const require = 1; require('a'); export {};".to_owned(), Kind::Either);
        assert!(module.unwrap().requests.is_empty());
        assert!(read("x.cjs", "return;".to_owned(), Kind::Script).unwrap().is_script);
    }

    #[test]
    fn types_are_taken_out() {
        let text = "import type { A } from 'types';\nimport { B, b } from 'b';\nenum E { One = 1 }\nexport class C {\n  constructor(private a: A, readonly e = E.One) {}\n}\nexport const x: B = b satisfies B;\n";
        let source = read("src/x.ts", text.to_owned(), Kind::Module).unwrap();
        assert_eq!(specifiers(&source), ["b"]);
        for gone in ["type", "private", "satisfies", ": B"] {
            assert!(!source.text.contains(gone), "{gone}: {}", source.text);
        }
        assert!(source.text.contains("this.a = a"), "{}", source.text);
        assert!(source.mappings.is_some_and(|mappings| mappings.contains(';')));
    }

    #[test]
    fn errors_say_where() {
        let wrong =
            read("src/x.ts", "let a = 1;\nlet b: = 2;".to_owned(), Kind::Module).unwrap_err();
        assert!(wrong.to_string().starts_with("src/x.ts:2:8: "), "{wrong}");
        let wrong = read("x.js", "let é = 'a;".to_owned(), Kind::Module).unwrap_err();
        assert!(wrong.to_string().starts_with("x.js:1:9: "), "{wrong}");
        let twice = read("x.ts", "let a = 1;\nlet a = 2;".to_owned(), Kind::Module).unwrap_err();
        assert!(twice.to_string().starts_with("x.ts:1:5: "), "{twice}");
    }
}
