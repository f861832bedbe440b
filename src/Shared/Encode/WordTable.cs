using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace StreamScorer.Shared.Encode;

/// <summary>
/// Short words and their ids: an open-addressed table whose slots hold the word itself, padded with zeros, and its id in the
/// last four bytes. Four slots share a cache line; 12 bytes are enough for almost every word.
/// </summary>
internal sealed class WordTable
{
    /// <summary>Longest word of the table in UTF-8 bytes.</summary>
    public const int MaxBytes = 12;

    private const uint WordBits = (1 << MaxBytes) - 1;
    private const int IdLane = 3;

    private readonly Vector128<byte>[] _slots;

    /// <param name="words">Entries of any length; those that are too long are left out.</param>
    public WordTable(Piece[] words)
    {
        // At most half full, so that a miss ends after one or two slots.
        _slots = new Vector128<byte>[BitOperations.RoundUpToPowerOf2((uint)Math.Max(words.Length * 2, 16))];
        foreach (var (word, id) in words)
        {
            if (word.Length <= MaxBytes)
            {
                var key = Key(word);
                var at = Hash(key);
                while (Slot(at) != default)
                {
                    at++;
                }

                Slot(at) = key.AsInt32().WithElement(IdLane, id).AsByte();
            }
        }

        ref Vector128<byte> Slot(uint at) => ref _slots[at & (uint)(_slots.Length - 1)];
    }

    /// <summary>A word of at most 16 bytes, padded with zeros: what <see cref="Find"/> takes.</summary>
    public static Vector128<byte> Key(ReadOnlySpan<byte> word)
    {
        Span<byte> padded = stackalloc byte[Vector128<byte>.Count];
        padded.Clear();
        word.CopyTo(padded);
        return Vector128.Create<byte>(padded);
    }

    /// <summary>The id of a word of 1 to <see cref="MaxBytes"/> bytes, or -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Find(Vector128<byte> key)
    {
        var slots = _slots;
        for (var i = Hash(key); ; i++)
        {
            var slot = slots[i & (uint)(slots.Length - 1)];
            if ((Vector128.Equals(slot, key).ExtractMostSignificantBits() & WordBits) == WordBits)
            {
                return slot.AsInt32()[IdLane];
            }

            if (slot == default)
            {
                return -1;
            }
        }
    }

    // A folded 128-bit product; the constants (digits of pi) keep a short word's empty half from making it zero.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Hash(Vector128<byte> key)
    {
        var halves = key.AsUInt64();
        var high = Math.BigMul(halves[0] ^ 0x243F6A8885A308D3, halves[1] ^ 0x13198A2E03707345, out var low);
        return (uint)((high ^ low) >> 32);
    }
}
