// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

/// @title Price feed of the replica, read like a Chainlink aggregator with 8 decimals.
/// @notice The answer and its time are stored, so an answer grows old as it would on Base. An answer can be given in
/// advance (`setLater`): from its moment on it is what the feed says, without a log, as the cutoff of Chainlink's SVR
/// feeds works on Base. Slot 0 is the answer, slot 1 the time, slot 4 the number of answers to come: on a fork this
/// runtime is put over a genuine feed and the slots are written.
contract ReplicaFeed {
    /// @dev An answer to come: from `from` on the feed says it, as of `updatedAt`.
    struct Later {
        int256 answer;
        uint256 updatedAt;
        uint256 from;
    }

    int256 private answer;
    uint256 private updatedAt;
    uint256 private round;
    string public description;
    /// @dev In the order of their moments.
    Later[] private later;

    event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt);

    constructor(int256 answer_, string memory description_) {
        description = description_;
        _set(answer_, block.timestamp);
    }

    /// @notice New answer, as of now; answers to come are forgotten. Open to everybody.
    /// @param answer_ US dollars with 8 decimals.
    function set(int256 answer_) external {
        _set(answer_, block.timestamp);
    }

    /// @notice New answer as of a time of the caller's choice (a stale feed, for instance).
    function setAt(int256 answer_, uint256 updatedAt_) external {
        _set(answer_, updatedAt_);
    }

    /// @notice New answer after a delay, as of now. Answers to come at or after that moment are forgotten.
    /// @param delay Seconds from this block to the first in which the feed says it.
    function setLater(int256 answer_, uint256 delay) external {
        if (delay == 0) {
            _set(answer_, block.timestamp);
            return;
        }
        _settle();
        uint256 from = block.timestamp + delay;
        while (later.length != 0 && later[later.length - 1].from >= from) later.pop();
        later.push(Later(answer_, block.timestamp, from));
    }

    /// @notice Says again what it says, as of now; answers to come still come.
    function refresh() external {
        _settle();
        unchecked {
            round++;
        }
        updatedAt = block.timestamp;
        emit AnswerUpdated(answer, round, block.timestamp);
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

    function latestAnswer() external view returns (int256 current) {
        (current,,) = _current();
    }

    function latestTimestamp() external view returns (uint256 at) {
        (, at,) = _current();
    }

    function latestRound() external view returns (uint256 id) {
        (,, id) = _current();
    }

    /// @notice (round, answer, started at, updated at, answered in round).
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        (int256 current, uint256 at, uint256 id) = _current();
        return (uint80(id), current, at, at, uint80(id));
    }

    function _set(int256 answer_, uint256 updatedAt_) private {
        delete later;
        unchecked {
            round++;
        }
        answer = answer_;
        updatedAt = updatedAt_;
        emit AnswerUpdated(answer_, round, updatedAt_);
    }

    /// @dev Answer, its time and its round, now.
    function _current() private view returns (int256 current, uint256 at, uint256 id) {
        uint256 due = _due();
        id = uint80(round + due);
        if (due == 0) return (answer, updatedAt, id);
        Later storage last = later[due - 1];
        return (last.answer, last.updatedAt, id);
    }

    /// @dev How many of the answers to come have come.
    function _due() private view returns (uint256 due) {
        while (due < later.length && later[due].from <= block.timestamp) due++;
    }

    /// @dev Writes down what has come, and keeps what has not.
    function _settle() private {
        uint256 due = _due();
        if (due == 0) return;
        (answer, updatedAt, round) = _current();
        uint256 left = later.length - due;
        for (uint256 i = 0; i < left; i++) {
            later[i] = later[i + due];
        }
        for (uint256 i = 0; i < due; i++) {
            later.pop();
        }
    }
}
