// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IERC1271} from "abi/token/IERC1271.sol";
import {ReplicaToken} from "./ReplicaToken.sol";

/// @title ERC-20 of the replica with EIP-2612, for the tokens whose Base original has it.
/// @notice The EIP-712 domain is (name, version, chain id, address), computed on every call: USDC is
/// ("USD Coin", "2"), cbBTC ("Coinbase Wrapped BTC", "2"). All of them are Circle's FiatToken 2.2 on Base: an owner that has
/// code, the 23 bytes of an EIP-7702 delegation included, is asked by ERC-1271; its key's own signature counts for nothing.
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
        bytes32 message = keccak256(abi.encode(PERMIT_TYPEHASH, owner, spender, value, nonces[owner]++, deadline));
        bytes32 digest = keccak256(abi.encodePacked("\x19\x01", DOMAIN_SEPARATOR(), message));
        bool valid = owner.code.length > 0 ? _isAccepted(owner, digest, v, r, s) : _isSigned(owner, digest, v, r, s);
        require(valid, "EIP2612: invalid signature");
        _approve(owner, spender, value);
    }

    function _isSigned(address owner, bytes32 digest, uint8 v, bytes32 r, bytes32 s) private pure returns (bool) {
        require(uint256(s) <= MAX_S, "ECRecover: invalid signature 's' value");
        address signer = ecrecover(digest, v, r, s);
        return signer != address(0) && signer == owner;
    }

    /// @dev An owner that reverts or answers anything else has not accepted.
    function _isAccepted(address owner, bytes32 digest, uint8 v, bytes32 r, bytes32 s) private view returns (bool) {
        bytes memory question = abi.encodeCall(IERC1271.isValidSignature, (digest, abi.encodePacked(r, s, v)));
        (bool answered, bytes memory answer) = owner.staticcall(question);
        return answered && answer.length >= 32
            && abi.decode(answer, (bytes32)) == bytes32(IERC1271.isValidSignature.selector);
    }
}
