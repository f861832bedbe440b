namespace StreamScorer.Shared.Contracts;

/// <summary>A post as it is scored: what Decode makes of a record.</summary>
/// <param name="Id">The id its author's system gave it, else the record key, else <c>topic-partition-offset</c>.</param>
/// <param name="Text">Well-formed UTF-8, not empty.</param>
/// <param name="Language">BCP 47 tag the record came with, if any.</param>
/// <param name="CreatedAt">When the post was written, if the record says so; Unix milliseconds, UTC.</param>
public sealed record Post(string Id, ReadOnlyMemory<byte> Text, string? Language = null, long? CreatedAt = null);
