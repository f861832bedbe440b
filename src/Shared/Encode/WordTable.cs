using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace StreamScorer.Shared.Encode;

/// <summary>Words of at most 16 UTF-8 bytes and their ids: an open-addressed table whose key is the word itself, padded with zeros.</summary>
internal sealed class WordTable
{
    public const int MaxBytes = 16;

    private readonly Entry[] _slots;

    public WordTable(Piece[] words)
    {
        // At most half full, so that a miss ends after one or two slots.
        _slots = new Entry[BitOperations.RoundUpToPowerOf2((uint)Math.Max(words.Length * 2, 16))];
        foreach (var (word, id) in words)
        {
            var key = Key(word);
            var at = Hash(key);
            while (Slot(at).Key != default)
            {
                at++;
            }

            Slot(at) = new Entry { Key = key, Id = id };
        }

        ref Entry Slot(uint at) => ref _slots[at & (uint)(_slots.Length - 1)];
    }

    /// <summary>The key of a word of 1 to 16 bytes.</summary>
    public static Vector128<byte> Key(ReadOnlySpan<byte> word)
    {
        Span<byte> padded = stackalloc byte[MaxBytes];
        padded.Clear();
        word.CopyTo(padded);
        return Vector128.Create<byte>(padded);
    }

    /// <summary>The id of a word, or -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Find(Vector128<byte> key)
    {
        var slots = _slots;
        for (var i = Hash(key); ; i++)
        {
            ref readonly var slot = ref slots[i & (uint)(slots.Length - 1)];
            if (slot.Key == key)
            {
                return slot.Id;
            }

            if (slot.Key == default)
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

    private struct Entry
    {
        public Vector128<byte> Key;
        public int Id;
    }
}
