using System.Globalization;
using System.Text;
using Confluent.Kafka;

namespace Soak;

/// <summary>What must become of a record.</summary>
internal enum Due
{
    Scored,
    DeadLetter,

    /// <summary>A tombstone: no outcome, but it goes on to the scored and the flagged topic, where it erases.</summary>
    Nothing,
}

/// <summary>
/// Record number N of a soak, made of nothing but the seed and N: so whoever verifies knows every byte of it without having been told. The
/// number travels in a header, which outcomes keep.
/// </summary>
/// <param name="Key">Null for a few; records of one key must stay in order.</param>
/// <param name="Id">The id its outcome must have; null where the contract derives it from the place in the topic.</param>
/// <param name="Reason">Of a dead letter.</param>
internal sealed record SoakRecord(int Number, string? Key, byte[]? Value, Due Due, string? Id, string? Reason)
{
    /// <summary>One good post in 64 has this word, on which a poisoned model fails. To other models it is a word like any other.</summary>
    public const string Poison = "qqpoison";

    public const string NumberHeader = "soak.number";
    public const string RunHeader = "soak.run";

    private const int Keys = 997;

    /// <summary>The record with this number.</summary>
    /// <param name="poisoned">The model fails on posts with <see cref="Poison"/>.</param>
    /// <param name="unanswerable">Share of records in a thousand that cannot be scored, and again half as many tombstones.</param>
    public static SoakRecord Make(int seed, int number, bool poisoned = false, int unanswerable = 40)
    {
        var dice = new Dice(((ulong)(uint)seed << 32) | (uint)number);
        var kind = dice.Next(1_000);
        var key = dice.Next(100) == 0 ? null : FormattableString.Invariant($"author-{(int)(Keys * Math.Pow(dice.Next(1_000_000) / 1e6, 2))}");
        if (kind < unanswerable / 2)
        {
            return new SoakRecord(number, key ?? "erased", null, Due.Nothing, null, null);
        }

        if (kind < unanswerable * 3 / 2)
        {
            var (value, reason) = BadPosts.Make(ref dice, number);
            return new SoakRecord(number, key, value, Due.DeadLetter, null, reason);
        }

        var poison = dice.Next(64) == 0;
        var (json, id) = GoodPosts.Make(ref dice, number, poison ? Poison : "post");
        return poison && poisoned
            ? new SoakRecord(number, key, json, Due.DeadLetter, null, "inference")
            : new SoakRecord(number, key, json, Due.Scored, id ?? key, null);
    }

    public Message<byte[]?, byte[]?> Message(int seed) => new()
    {
        Key = Key is null ? null : Encoding.UTF8.GetBytes(Key),
        Value = Value,
        Headers = [new Header(RunHeader, Digits(seed)), new Header(NumberHeader, Digits(Number))],
    };

    private static byte[] Digits(int number) => Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));
}
