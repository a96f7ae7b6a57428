//! Owns the reading of the annotated function and the code that replaces it.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Error, FnArg, Ident, ItemFn, LitStr, Result, ReturnType, Token, Type};

/// What a function is turned into.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Workflow,
    Activity,
}

/// What stands in the parentheses of the attribute.
pub(crate) struct Arguments {
    name: Option<LitStr>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.is_empty() {
            return Ok(Self { name: None });
        }
        let key: Ident = input.parse()?;
        if key != "name" {
            return Err(Error::new(key.span(), "the only argument there is, is `name = \"…\"`"));
        }
        input.parse::<Token![=]>()?;
        let name: LitStr = input.parse()?;
        check_name(&name)?;
        input.parse::<Option<Token![,]>>()?;
        Ok(Self { name: Some(name) })
    }
}

/// The rules of the contract, `wit/world.wit`.
fn check_name(literal: &LitStr) -> Result<()> {
    let name = literal.value();
    let length = name.chars().count();
    if (1..=200).contains(&length) && !name.contains('/') && !name.contains(char::is_control) {
        return Ok(());
    }
    let rule = "a name has 1 to 200 characters, and neither `/` nor control characters";
    Err(Error::new(literal.span(), rule))
}

/// Returns what takes the place of the function.
pub(crate) fn expand(kind: Kind, arguments: &Arguments, function: &ItemFn) -> Result<TokenStream> {
    check_signature(kind, function)?;
    let parameters = Parameters::read(kind, function)?;
    let ident = &function.sig.ident;
    let visibility = &function.vis;
    let name = arguments
        .name
        .clone()
        .unwrap_or_else(|| LitStr::new(ident.to_string().trim_start_matches("r#"), ident.span()));
    let (outer, inner): (Vec<_>, Vec<_>) =
        function.attrs.iter().partition(|attribute| belongs_to_struct(attribute));
    let input = parameters.input.map_or_else(|| quote!(()), |input| quote!(#input));
    let output = match &function.sig.output {
        ReturnType::Type(_, output) => quote!(#output),
        ReturnType::Default => quote!(()),
    };
    let implementation = implementation(kind, function, &inner, &parameters);
    let implemented = match kind {
        Kind::Workflow => quote!(::reweft_sdk::Workflow),
        Kind::Activity => quote!(::reweft_sdk::Activity),
    };
    Ok(quote! {
        #(#outer)*
        #[allow(non_camel_case_types)]
        #[derive(Clone, Copy, Debug)]
        #visibility struct #ident;

        impl #implemented for #ident {
            const NAME: &'static str = #name;
            type Input = #input;
            type Output = <#output as ::reweft_sdk::Outcome>::Value;
            #implementation
        }
    })
}

/// The method of the trait, with the author's function inside it.
fn implementation(
    kind: Kind,
    function: &ItemFn,
    attributes: &[&Attribute],
    parameters: &Parameters<'_>,
) -> TokenStream {
    let body_name = Ident::new("__reweft_body", Span::mixed_site());
    let mut signature = function.sig.clone();
    signature.ident = body_name.clone();
    let block = &function.block;
    let context = parameters.context.then(|| quote!(context,));
    let input = parameters.input.map(|_| quote!(input));
    let inner = quote!(#(#attributes)* #signature #block);
    match kind {
        Kind::Workflow => quote! {
            #[allow(unused_variables)]
            async fn run(
                context: ::reweft_sdk::Context,
                input: Self::Input,
            ) -> ::core::result::Result<Self::Output, ::reweft_sdk::Failure> {
                #inner
                ::reweft_sdk::Outcome::into_result(#body_name(#context #input).await)
            }
        },
        Kind::Activity => quote! {
            #[allow(unused_variables)]
            fn execute(
                context: ::reweft_sdk::ActivityContext,
                input: Self::Input,
            ) -> ::core::result::Result<Self::Output, ::reweft_sdk::Failure> {
                #inner
                ::reweft_sdk::Outcome::into_result(#body_name(#context #input))
            }
        },
    }
}

fn check_signature(kind: Kind, function: &ItemFn) -> Result<()> {
    let signature = &function.sig;
    let refuse = |span, message| Err(Error::new(span, message));
    let span = signature.ident.span();
    match (kind, signature.asyncness) {
        (Kind::Workflow, None) => return refuse(span, "a workflow is an `async fn`"),
        (Kind::Activity, Some(_)) => {
            return refuse(span, "an activity is not `async`: it may simply block");
        }
        _ => {}
    }
    if !signature.generics.params.is_empty() || signature.generics.where_clause.is_some() {
        return refuse(span, "it is called by its name alone, so it can't be generic");
    }
    if matches!(signature.output, ReturnType::Default) {
        return refuse(span, "it returns a `Result`, for example `Result<(), Failure>`");
    }
    Ok(())
}

/// Which parameters the author's function has.
struct Parameters<'a> {
    context: bool,
    input: Option<&'a Type>,
}

impl<'a> Parameters<'a> {
    fn read(kind: Kind, function: &'a ItemFn) -> Result<Self> {
        let mut types = Vec::new();
        for parameter in &function.sig.inputs {
            match parameter {
                FnArg::Typed(parameter) => types.push(&*parameter.ty),
                FnArg::Receiver(this) => {
                    return Err(Error::new(this.self_token.span, "it is a free function"));
                }
            }
        }
        match (kind, types.as_slice()) {
            (Kind::Workflow, [_]) => Ok(Self { context: true, input: None }),
            (_, &[_, input]) => Ok(Self { context: true, input: Some(input) }),
            (Kind::Activity, []) => Ok(Self { context: false, input: None }),
            (Kind::Activity, &[only]) if is_activity_context(only) => {
                Ok(Self { context: true, input: None })
            }
            (Kind::Activity, &[input]) => Ok(Self { context: false, input: Some(input) }),
            (Kind::Workflow, _) => Err(Error::new(
                function.sig.ident.span(),
                "a workflow has the parameters `(ctx: Context)` or `(ctx: Context, input: …)`",
            )),
            (Kind::Activity, _) => Err(Error::new(
                function.sig.ident.span(),
                "an activity has the parameters `()`, `(input: …)` or \
                 `(ctx: ActivityContext, input: …)`",
            )),
        }
    }
}

fn is_activity_context(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    path.path.segments.last().is_some_and(|segment| segment.ident == "ActivityContext")
}

/// Whether an attribute says something about the item rather than about its code.
fn belongs_to_struct(attribute: &Attribute) -> bool {
    ["doc", "cfg", "deprecated"].iter().any(|name| attribute.path().is_ident(name))
}
