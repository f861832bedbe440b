using System.Runtime.CompilerServices;

namespace StreamScorer.Shared.Encode;

/// <summary>What the normaliser and the word splitter make of a code point.</summary>
internal enum CharKind
{
    /// <summary>Part of a word. Payload: the code point it becomes, 0 if it stays what it is.</summary>
    Word,

    /// <summary>A word of its own (punctuation, ideograph). Payload as for <see cref="Word"/>.</summary>
    Isolated,

    /// <summary>Ends a word.</summary>
    Space,

    /// <summary>Leaves no trace.</summary>
    Removed,

    /// <summary>Several parts of a word, or marks that canonical ordering may move. Payload: where they start in the pool.</summary>
    Sequence,

    /// <summary>A Hangul syllable, decomposed by arithmetic into its letters.</summary>
    Hangul,
}

/// <summary>One entry of a <see cref="CharMap"/>: kind in bits 0 to 2, length of a sequence in bits 3 to 7, payload above.</summary>
internal readonly record struct CharEntry(uint Bits)
{
    public CharEntry(CharKind kind, int payload = 0, int length = 1)
        : this((uint)kind | ((uint)length << 3) | ((uint)payload << 8))
    {
    }

    public CharKind Kind => (CharKind)(Bits & 7);

    public int Length => (int)((Bits >> 3) & 31);

    public int Payload => (int)(Bits >> 8);
}

/// <summary>A member of a sequence: what it becomes, and what canonical ordering needs to know of it.</summary>
/// <param name="CodePoint">After lower case.</param>
/// <param name="Class">Canonical combining class; 0: a starter.</param>
/// <param name="Dropped">A non-spacing mark: it takes part in ordering, then goes.</param>
internal readonly record struct CharPart(int CodePoint, byte Class, bool Dropped);

/// <summary>
/// Cleaning, ideograph spacing, decomposition, accent stripping, lower case and the split at spaces and punctuation, folded
/// into one look-up per code point. Only canonical ordering looks beyond one code point; <see cref="WordReader"/> does that.
/// </summary>
internal sealed partial class CharMap
{
    private const int BlockBits = 8;
    private const int BlockSize = 1 << BlockBits;

    private readonly ushort[] _blocks = new ushort[UnicodeTables.CodePoints >> BlockBits];
    private readonly CharEntry[] _entries;
    private readonly CharPart[] _pool;

    /// <summary>Entry of a code point of at most 0x10FFFF.</summary>
    public CharEntry this[int codePoint]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _entries[(_blocks[codePoint >> BlockBits] << BlockBits) | (codePoint & (BlockSize - 1))];
    }

    /// <summary>The members of an entry of kind <see cref="CharKind.Sequence"/>.</summary>
    public ReadOnlySpan<CharPart> Parts(CharEntry entry) => _pool.AsSpan(entry.Payload, entry.Length);
}
