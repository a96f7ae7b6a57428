//! Owns the attributes `#[workflow]` and `#[activity]`: they turn a function into a unit struct of
//! the same name that implements a trait of `reweft-sdk`. It must not know how either is run.
#![deny(missing_docs)]

mod definition;

use proc_macro::TokenStream;
use syn::{ItemFn, parse_macro_input};

use definition::{Arguments, Kind};

/// A name has 1 to 200 characters, and neither `/` nor control characters. Without one, a workflow
/// has the name of its function.
#[proc_macro_attribute]
pub fn workflow(arguments: TokenStream, item: TokenStream) -> TokenStream {
    define(Kind::Workflow, arguments, item)
}

/// A name has 1 to 200 characters, and neither `/` nor control characters. Without one, an activity
/// has the name of its function.
#[proc_macro_attribute]
pub fn activity(arguments: TokenStream, item: TokenStream) -> TokenStream {
    define(Kind::Activity, arguments, item)
}

fn define(kind: Kind, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as Arguments);
    let function = parse_macro_input!(item as ItemFn);
    definition::expand(kind, &arguments, &function)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
