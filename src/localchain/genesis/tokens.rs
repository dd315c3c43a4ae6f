//! Stage: Multicall3, wrapped ether, the tokens, and the predeploy that prices L1 data.

use alloy::{primitives::U256, sol_types::SolValue};

use super::{
    Deployer,
    addresses::{GAS_PRICE_ORACLE, MULTICALL3, WETH},
};
use crate::localchain::LocalChainError;

pub(super) async fn stage(site: &Deployer<'_>) -> Result<(), LocalChainError> {
    site.place("Multicall3", MULTICALL3, &[]).await?;
    site.place("WETH9", WETH, &[]).await?;
    site.place("ReplicaGasPriceOracle", GAS_PRICE_ORACLE, &[]).await?;
    for reserve in site.market.reserves.iter().filter(|reserve| reserve.token != WETH) {
        let (name, symbol) = (reserve.name.clone(), reserve.symbol.clone());
        match &reserve.permit_version {
            Some(version) => {
                let arguments = (name, symbol, U256::from(reserve.decimals), version.clone());
                site.place("ReplicaPermitToken", reserve.token, &arguments.abi_encode_params()).await?;
            }
            None => {
                let arguments = (name, symbol, U256::from(reserve.decimals));
                site.place("ReplicaToken", reserve.token, &arguments.abi_encode_params()).await?;
            }
        }
    }
    Ok(())
}
