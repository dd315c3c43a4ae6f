// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

/// @title Price feed of the replica, read like a Chainlink aggregator with 8 decimals.
/// @notice The answer and its time are stored, so an answer grows old as it would on Base. Slot 0 is the answer,
/// slot 1 the time: on a fork this runtime is put over a genuine feed and the two slots are written.
contract ReplicaFeed {
    int256 private answer;
    uint256 private updatedAt;
    uint256 private round;
    string public description;

    event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt);

    constructor(int256 answer_, string memory description_) {
        description = description_;
        _set(answer_, block.timestamp);
    }

    /// @notice New answer, as of now. Open to everybody.
    /// @param answer_ US dollars with 8 decimals.
    function set(int256 answer_) external {
        _set(answer_, block.timestamp);
    }

    /// @notice New answer as of a time of the caller's choice (a stale feed, for instance).
    function setAt(int256 answer_, uint256 updatedAt_) external {
        _set(answer_, updatedAt_);
    }

    function decimals() external pure returns (uint8) {
        return 8;
    }

    function version() external pure returns (uint256) {
        return 4;
    }

    function aggregator() external view returns (address) {
        return address(this);
    }

    function latestAnswer() external view returns (int256) {
        return answer;
    }

    function latestTimestamp() external view returns (uint256) {
        return updatedAt;
    }

    function latestRound() external view returns (uint256) {
        return uint80(round);
    }

    /// @notice (round, answer, started at, updated at, answered in round).
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return (uint80(round), answer, updatedAt, updatedAt, uint80(round));
    }

    function _set(int256 answer_, uint256 updatedAt_) private {
        unchecked {
            round++;
        }
        answer = answer_;
        updatedAt = updatedAt_;
        emit AnswerUpdated(answer_, round, updatedAt_);
    }
}
