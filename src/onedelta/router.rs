//! Calldata of Uniswap's SwapRouter02: the four swaps, in both directions (onedelta-composer.md §8).

use alloy::{
    primitives::{Address, Bytes, U160, U256, aliases::U24},
    sol_types::SolCall,
};

use super::EncodeError;

mod abi {
    alloy::sol! {
        /// The swaps of SwapRouter02; it has no deadline.
        interface SwapRouter02 {
            struct ExactInputSingleParams {
                address tokenIn; address tokenOut; uint24 fee; address recipient;
                uint256 amountIn; uint256 amountOutMinimum; uint160 sqrtPriceLimitX96;
            }
            struct ExactOutputSingleParams {
                address tokenIn; address tokenOut; uint24 fee; address recipient;
                uint256 amountOut; uint256 amountInMaximum; uint160 sqrtPriceLimitX96;
            }
            struct ExactInputParams { bytes path; address recipient; uint256 amountIn; uint256 amountOutMinimum; }
            struct ExactOutputParams { bytes path; address recipient; uint256 amountOut; uint256 amountInMaximum; }
            function exactInputSingle(ExactInputSingleParams params) external payable returns (uint256 amountOut);
            function exactOutputSingle(ExactOutputSingleParams params) external payable returns (uint256 amountIn);
            function exactInput(ExactInputParams params) external payable returns (uint256 amountOut);
            function exactOutput(ExactOutputParams params) external payable returns (uint256 amountIn);
        }
    }
}
use abi::SwapRouter02;

/// A route through Uniswap v3 pools in the order the tokens travel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct V3Path {
    /// Token sold.
    pub token_in: Address,
    /// Pool fee (1e-6) and the token received from it, hop by hop.
    pub hops: Vec<(u32, Address)>,
}

impl V3Path {
    /// A route through one pool.
    #[must_use]
    pub fn single(token_in: Address, fee: u32, token_out: Address) -> Self {
        Self { token_in, hops: vec![(fee, token_out)] }
    }

    /// Token bought; the token sold when there are no hops.
    #[must_use]
    pub fn token_out(&self) -> Address {
        self.hops.last().map_or(self.token_in, |(_, token)| *token)
    }

    pub(super) fn check(&self) -> Result<(), EncodeError> {
        if self.hops.is_empty() || self.token_out() == self.token_in {
            return Err(EncodeError::EmptyRoute);
        }
        self.hops.iter().try_for_each(|(fee, _)| fee_field(*fee).map(|_| ()))
    }

    fn packed(&self) -> Result<Bytes, EncodeError> {
        let mut path = self.token_in.to_vec();
        for (fee, token) in &self.hops {
            path.extend_from_slice(&fee_field(*fee)?.to_be_bytes::<3>());
            path.extend_from_slice(token.as_slice());
        }
        Ok(path.into())
    }

    fn reversed(&self) -> Self {
        let fees = self.hops.iter().rev().map(|(fee, _)| *fee);
        let tokens = self.hops.iter().rev().skip(1).map(|(_, token)| *token).chain([self.token_in]);
        Self { token_in: self.token_out(), hops: fees.zip(tokens).collect() }
    }

    fn unpacked(packed: &[u8]) -> Option<Self> {
        let (first, rest) = packed.split_at_checked(20)?;
        if rest.is_empty() || !rest.len().is_multiple_of(23) {
            return None;
        }
        let hop = |hop: &[u8]| {
            let (fee, token) = hop.split_at(3);
            (fee.iter().fold(0, |fee, byte| fee << 8 | u32::from(*byte)), Address::from_slice(token))
        };
        Some(Self { token_in: Address::from_slice(first), hops: rest.chunks_exact(23).map(hop).collect() })
    }
}

/// A swap of SwapRouter02.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouterCall {
    /// Sells exactly `amount_in` (0 = the router's own balance).
    ExactInput {
        /// Route.
        path: V3Path,
        /// Who receives.
        recipient: Address,
        /// Amount sold.
        amount_in: U256,
        /// Least amount bought.
        min_out: U256,
        /// Price at which a single-pool swap stops; 0 = none.
        price_limit: U160,
    },
    /// Buys exactly `amount_out`.
    ExactOutput {
        /// Route.
        path: V3Path,
        /// Who receives.
        recipient: Address,
        /// Amount bought.
        amount_out: U256,
        /// Most amount sold.
        max_in: U256,
        /// Price at which a single-pool swap stops; 0 = none.
        price_limit: U160,
    },
}

impl RouterCall {
    /// The route.
    #[must_use]
    pub const fn path(&self) -> &V3Path {
        match self {
            Self::ExactInput { path, .. } | Self::ExactOutput { path, .. } => path,
        }
    }

    /// Who receives what is bought.
    #[must_use]
    pub const fn recipient(&self) -> Address {
        match self {
            Self::ExactInput { recipient, .. } | Self::ExactOutput { recipient, .. } => *recipient,
        }
    }

    /// Offset after the selector of the amount sold, for a replace call; `None` for exact output.
    #[must_use]
    pub fn amount_in_offset(&self) -> Option<u16> {
        match self {
            Self::ExactInput { path, .. } if path.hops.len() == 1 => Some(128),
            Self::ExactInput { .. } => Some(96),
            Self::ExactOutput { .. } => None,
        }
    }

    /// Calldata: the single-pool form for one hop, the path form for more (which has no price limit).
    pub fn encode(&self) -> Result<Bytes, EncodeError> {
        self.path().check()?;
        let data = match self {
            Self::ExactInput { path, recipient, amount_in, min_out, price_limit } => match path.hops.as_slice() {
                [(fee, token_out)] => SwapRouter02::exactInputSingleCall {
                    params: SwapRouter02::ExactInputSingleParams {
                        tokenIn: path.token_in,
                        tokenOut: *token_out,
                        fee: fee_field(*fee)?,
                        recipient: *recipient,
                        amountIn: *amount_in,
                        amountOutMinimum: *min_out,
                        sqrtPriceLimitX96: *price_limit,
                    },
                }
                .abi_encode(),
                _ => SwapRouter02::exactInputCall {
                    params: SwapRouter02::ExactInputParams {
                        path: path.packed()?,
                        recipient: *recipient,
                        amountIn: *amount_in,
                        amountOutMinimum: *min_out,
                    },
                }
                .abi_encode(),
            },
            Self::ExactOutput { path, recipient, amount_out, max_in, price_limit } => match path.hops.as_slice() {
                [(fee, token_out)] => SwapRouter02::exactOutputSingleCall {
                    params: SwapRouter02::ExactOutputSingleParams {
                        tokenIn: path.token_in,
                        tokenOut: *token_out,
                        fee: fee_field(*fee)?,
                        recipient: *recipient,
                        amountOut: *amount_out,
                        amountInMaximum: *max_in,
                        sqrtPriceLimitX96: *price_limit,
                    },
                }
                .abi_encode(),
                _ => SwapRouter02::exactOutputCall {
                    params: SwapRouter02::ExactOutputParams {
                        path: path.reversed().packed()?,
                        recipient: *recipient,
                        amountOut: *amount_out,
                        amountInMaximum: *max_in,
                    },
                }
                .abi_encode(),
            },
        };
        Ok(data.into())
    }

    /// Reads calldata of one of the four swaps; `None` for anything else, also for a form that would not be written.
    #[must_use]
    pub fn decode(data: &[u8]) -> Option<Self> {
        let call = Self::read(data)?;
        (call.encode().ok()?.as_ref() == data).then_some(call)
    }

    fn read(data: &[u8]) -> Option<Self> {
        let selector: [u8; 4] = data.get(..4)?.try_into().ok()?;
        match selector {
            SwapRouter02::exactInputSingleCall::SELECTOR => {
                let params = SwapRouter02::exactInputSingleCall::abi_decode(data).ok()?.params;
                Some(Self::ExactInput {
                    path: V3Path::single(params.tokenIn, params.fee.to(), params.tokenOut),
                    recipient: params.recipient,
                    amount_in: params.amountIn,
                    min_out: params.amountOutMinimum,
                    price_limit: params.sqrtPriceLimitX96,
                })
            }
            SwapRouter02::exactOutputSingleCall::SELECTOR => {
                let params = SwapRouter02::exactOutputSingleCall::abi_decode(data).ok()?.params;
                Some(Self::ExactOutput {
                    path: V3Path::single(params.tokenIn, params.fee.to(), params.tokenOut),
                    recipient: params.recipient,
                    amount_out: params.amountOut,
                    max_in: params.amountInMaximum,
                    price_limit: params.sqrtPriceLimitX96,
                })
            }
            SwapRouter02::exactInputCall::SELECTOR => {
                let params = SwapRouter02::exactInputCall::abi_decode(data).ok()?.params;
                Some(Self::ExactInput {
                    path: V3Path::unpacked(&params.path)?,
                    recipient: params.recipient,
                    amount_in: params.amountIn,
                    min_out: params.amountOutMinimum,
                    price_limit: U160::ZERO,
                })
            }
            SwapRouter02::exactOutputCall::SELECTOR => {
                let params = SwapRouter02::exactOutputCall::abi_decode(data).ok()?.params;
                Some(Self::ExactOutput {
                    path: V3Path::unpacked(&params.path)?.reversed(),
                    recipient: params.recipient,
                    amount_out: params.amountOut,
                    max_in: params.amountInMaximum,
                    price_limit: U160::ZERO,
                })
            }
            _ => None,
        }
    }
}

fn fee_field(fee: u32) -> Result<U24, EncodeError> {
    if fee >= 1 << 24 { Err(EncodeError::FeeTooWide(fee)) } else { Ok(U24::from(fee)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(byte: u8) -> Address {
        Address::repeat_byte(byte)
    }

    #[test]
    fn all_four_swaps_survive_their_bytes() {
        let one = V3Path::single(token(1), 500, token(2));
        let two = V3Path { token_in: token(1), hops: vec![(500, token(2)), (3000, token(3))] };
        for path in [one, two] {
            let sell = RouterCall::ExactInput {
                path: path.clone(),
                recipient: token(9),
                amount_in: U256::from(10),
                min_out: U256::from(9),
                price_limit: U160::ZERO,
            };
            let buy = RouterCall::ExactOutput {
                path,
                recipient: token(9),
                amount_out: U256::from(9),
                max_in: U256::from(10),
                price_limit: U160::ZERO,
            };
            for call in [sell, buy] {
                let data = call.encode().expect("encodes");
                assert_eq!(RouterCall::decode(&data).as_ref(), Some(&call));
            }
        }
    }

    #[test]
    fn an_exact_output_path_travels_backwards_in_its_bytes() {
        let path = V3Path { token_in: token(1), hops: vec![(500, token(2)), (3000, token(3))] };
        let reversed = path.reversed();
        assert_eq!(reversed, V3Path { token_in: token(3), hops: vec![(3000, token(2)), (500, token(1))] });
        assert_eq!(reversed.reversed(), path);
    }

    #[test]
    fn the_word_a_replace_call_overwrites_is_the_amount_sold() {
        let mark = U256::from(0xA1B2_C3D4_u64);
        for hops in [vec![(500, token(2))], vec![(500, token(2)), (100, token(3))]] {
            let call = RouterCall::ExactInput {
                path: V3Path { token_in: token(1), hops },
                recipient: token(9),
                amount_in: mark,
                min_out: U256::from(9),
                price_limit: U160::ZERO,
            };
            let at = 4 + usize::from(call.amount_in_offset().expect("exact input"));
            let data = call.encode().expect("encodes");
            assert_eq!(data[at..at + 32], mark.to_be_bytes::<32>());
        }
    }

    #[test]
    fn a_route_from_a_token_to_itself_is_refused() {
        let path = V3Path::single(token(1), 500, token(1));
        assert_eq!(path.check(), Err(EncodeError::EmptyRoute));
        assert_eq!(V3Path::single(token(1), 1 << 24, token(2)).check(), Err(EncodeError::FeeTooWide(1 << 24)));
    }
}
