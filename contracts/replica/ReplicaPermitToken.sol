// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {ReplicaToken} from "./ReplicaToken.sol";

/// @title ERC-20 of the replica with EIP-2612, for the tokens whose Base original has it.
/// @notice The EIP-712 domain is (name, version, chain id, address), computed on every call: USDC is
/// ("USD Coin", "2"), cbBTC ("Coinbase Wrapped BTC", "2").
contract ReplicaPermitToken is ReplicaToken {
    bytes32 public constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    /// @dev Half of the secp256k1 order; a larger `s` is a second signature for the same message.
    uint256 private constant MAX_S = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    mapping(address => uint256) public nonces;
    string public version;

    constructor(string memory name_, string memory symbol_, uint8 decimals_, string memory version_)
        ReplicaToken(name_, symbol_, decimals_)
    {
        version = version_;
    }

    /// @notice Separator of the EIP-712 domain a permit is signed for.
    function DOMAIN_SEPARATOR() public view returns (bytes32) {
        return keccak256(
            abi.encode(DOMAIN_TYPEHASH, keccak256(bytes(name)), keccak256(bytes(version)), block.chainid, address(this))
        );
    }

    /// @notice Sets an allowance by the owner's signature. A used nonce never counts again.
    function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
    {
        require(block.timestamp <= deadline, "FiatTokenV2: permit is expired");
        require(uint256(s) <= MAX_S, "ECRecover: invalid signature 's' value");
        bytes32 message = keccak256(abi.encode(PERMIT_TYPEHASH, owner, spender, value, nonces[owner]++, deadline));
        address signer = ecrecover(keccak256(abi.encodePacked("\x19\x01", DOMAIN_SEPARATOR(), message)), v, r, s);
        require(signer != address(0) && signer == owner, "EIP2612: invalid signature");
        _approve(owner, spender, value);
    }
}
