// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

// Errors of the composer and the call forwarder; a client tells refusals apart by these selectors.

/// @dev A sweep or unwrap holds less than its minimum. 0x7dd37f70
error Slippage();
/// @dev Unknown op, or no op where one must be. 0x398d4d32
error InvalidOperation();
/// @dev The last op does not end where the stream ends. 0x8129bbcd
error InvalidCalldata();
/// @dev The pool id of a flash loan is not a known one. 0xbafe1c53
error InvalidFlashLoan();
/// @dev A flash callback comes from a stranger. 0x48f5c3ed
error InvalidCaller();
/// @dev Somebody else took the flash loan for us. 0xbfda1f28
error InvalidInitiator();
/// @dev A pool's flash callback comes from something that is not that pool. 0xb2c02722
error BadPool();
/// @dev A native transfer or an unwrap failed. 0xf4b3b1bc
error NativeTransferFailed();
/// @dev A wrap failed. 0xc30d93ce
error WrapFailed();
/// @dev A token refused the approval. 0x3e3f8f73
error ApproveFailed();
/// @dev The data of a permit has no known length. 0x68275857
error SafePermitBadLength();
/// @dev The forwarder does not make this call. 0xee90c468
error Forbidden();
/// @dev The amount to be replaced lies outside of the call's data. 0x5395d854
error ReplaceOffsetOutOfBounds();
