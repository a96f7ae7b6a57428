//! Owns what activities reach outside: each connection and each look-up of a name is held against what
//! the operator allows, and what was denied is said with the setting that would allow it.

use std::collections::BTreeSet;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::warn;
use wasmtime::component::{HasSelf, Linker, Resource};
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::p2::bindings::sockets::ip_name_lookup::{self, ResolveAddressStream};
use wasmtime_wasi::p2::bindings::sockets::network::{self, ErrorCode, IpAddress, Network};
use wasmtime_wasi::p2::{DynPollable, IoError, SocketError};
use wasmtime_wasi::sockets::{SocketAddrUse, WasiSocketsView};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks, default_send_request};

use super::activity_guest::ActivityHost;
use super::permissions::Permissions;
use crate::workflow::failure::Failure;

/// What an attempt may reach, and what it has tried to in vain.
#[derive(Clone)]
pub(super) struct Reach {
    module: String,
    permissions: Arc<Permissions>,
    denied: Arc<Mutex<BTreeSet<String>>>,
}

impl Reach {
    pub(super) fn new(module: String, permissions: Arc<Permissions>) -> Self {
        Self { module, permissions, denied: Arc::default() }
    }

    /// Returns the names and values of the variables that it sees, besides the secrets.
    pub(super) fn environment(&self) -> impl Iterator<Item = (&String, &String)> {
        self.permissions.environment.iter()
    }

    fn deny(&self, destination: &str) -> String {
        let module = &self.module;
        let message = format!(
            "module '{module}' may not reach {destination}: to allow it, add \"{destination}\" to \
             \"network\" by PUT /v1.0/modules/{module}/permissions"
        );
        let mut denied = self.denied.lock().unwrap_or_else(PoisonError::into_inner);
        if denied.insert(message.clone()) {
            warn!("{message}");
        }
        message
    }

    /// Adds to a failure what was denied before, since that may be why.
    pub(super) fn explain(&self, failure: &mut Failure) {
        for message in &*self.denied.lock().unwrap_or_else(PoisonError::into_inner) {
            if !failure.message.contains(message) {
                failure.message = format!("{} ({message})", failure.message);
            }
        }
    }

    /// Lets sockets reach what is allowed.
    pub(super) fn guard_sockets(&self, wasi: &mut WasiCtxBuilder) {
        let reach = self.clone();
        wasi.allow_tcp(true).allow_udp(true);
        // Look-ups are checked below.
        wasi.allow_ip_name_lookup(true).socket_addr_check(move |address, usage| {
            let reach = reach.clone();
            Box::pin(async move { reach.allows_socket(address, usage).await })
        });
    }

    async fn allows_socket(&self, address: SocketAddr, usage: SocketAddrUse) -> bool {
        match usage {
            // Every connection begins with this. To be reached is not for activities.
            SocketAddrUse::TcpBind | SocketAddrUse::UdpBind => {
                address.ip().is_unspecified() && address.port() == 0
            }
            SocketAddrUse::TcpListen | SocketAddrUse::TcpAccept => false,
            SocketAddrUse::TcpConnect | SocketAddrUse::UdpSend | SocketAddrUse::UdpReceive => {
                let allowed = self.permissions.allow(&address.ip().to_string(), address.port())
                    || self.is_of_an_allowed_name(address).await;
                if !allowed {
                    self.deny(&address.to_string());
                }
                allowed
            }
        }
    }

    async fn is_of_an_allowed_name(&self, address: SocketAddr) -> bool {
        for name in self.permissions.names_at(address.port()) {
            let found = tokio::net::lookup_host((name, address.port())).await;
            if found.is_ok_and(|mut found| found.any(|known| known.ip() == address.ip())) {
                return true;
            }
        }
        false
    }
}

type Sent = (http::Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>);

impl WasiHttpHooks for Reach {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<Sent, Error>> + Send> {
        let uri = request.uri();
        let host = uri.host().unwrap_or_default();
        let of_scheme = if uri.scheme_str() == Some("http") { 80 } else { 443 };
        let port = uri.port_u16().unwrap_or(of_scheme);
        if !self.permissions.allow(host, port) {
            let message = self.deny(&format!("{host}:{port}"));
            return Box::new(async { Err(Error::InternalError(Some(message))) });
        }
        Box::new(async move {
            let (response, connection) = default_send_request(request, options).await?;
            let connection: Box<dyn Future<Output = Result<(), Error>> + Send> =
                Box::new(connection);
            Ok((response.map(http_body_util::BodyExt::boxed_unsync), connection))
        })
    }
}

/// Links look-ups of names so that they are checked.
pub(super) fn link_look_ups(linker: &mut Linker<ActivityHost>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    ip_name_lookup::add_to_linker::<_, HasSelf<ActivityHost>>(linker, |host| host)?;
    linker.allow_shadowing(false);
    Ok(())
}

impl network::Host for ActivityHost {
    fn convert_error_code(&mut self, error: SocketError) -> wasmtime::Result<ErrorCode> {
        network::Host::convert_error_code(&mut self.sockets(), error)
    }

    fn network_error_code(
        &mut self,
        error: Resource<IoError>,
    ) -> wasmtime::Result<Option<ErrorCode>> {
        network::Host::network_error_code(&mut self.sockets(), error)
    }
}

impl network::HostNetwork for ActivityHost {
    fn drop(&mut self, network: Resource<Network>) -> wasmtime::Result<()> {
        network::HostNetwork::drop(&mut self.sockets(), network)
    }
}

impl ip_name_lookup::Host for ActivityHost {
    fn resolve_addresses(
        &mut self,
        network: Resource<Network>,
        name: String,
    ) -> Result<Resource<ResolveAddressStream>, SocketError> {
        let reach = self.reach();
        // An address needs nobody to be asked for it; whether it may be reached is seen then.
        let is_address = name.parse::<IpAddr>().is_ok();
        if !is_address && !reach.permissions.allow_look_up(&name) {
            reach.deny(&format!("{name}:*"));
            return Err(ErrorCode::AccessDenied.into());
        }
        ip_name_lookup::Host::resolve_addresses(&mut self.sockets(), network, name)
    }
}

impl ip_name_lookup::HostResolveAddressStream for ActivityHost {
    fn resolve_next_address(
        &mut self,
        stream: Resource<ResolveAddressStream>,
    ) -> Result<Option<IpAddress>, SocketError> {
        ip_name_lookup::HostResolveAddressStream::resolve_next_address(&mut self.sockets(), stream)
    }

    fn subscribe(
        &mut self,
        stream: Resource<ResolveAddressStream>,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        ip_name_lookup::HostResolveAddressStream::subscribe(&mut self.sockets(), stream)
    }

    fn drop(&mut self, stream: Resource<ResolveAddressStream>) -> wasmtime::Result<()> {
        ip_name_lookup::HostResolveAddressStream::drop(&mut self.sockets(), stream)
    }
}
