namespace StreamScorer.Shared.Encode;

/// <summary>
/// All pieces of the vocabulary as two tries over UTF-8 bytes, of word starts and of continuations, in one double array:
/// the child of state s by byte b is <c>base[s] + b</c>, valid if its check is s.
/// </summary>
internal sealed class PieceTrie
{
    /// <summary>State before the first byte of a word.</summary>
    public const int WordStart = 0;

    /// <summary>State before the first byte of a continuation.</summary>
    public const int Continuation = 1;

    private State[] _states = [];
    private int _firstFree = 2;

    /// <param name="starts">Pieces that start a word, sorted by their bytes, each once.</param>
    /// <param name="continuations">Pieces that continue one, without their prefix, sorted likewise.</param>
    public PieceTrie(Piece[] starts, Piece[] continuations)
    {
        Grow(1024);
        _states[WordStart].Check = _states[Continuation].Check = State.Root;
        Insert(WordStart, starts, 0);
        Insert(Continuation, continuations, 0);
    }

    /// <summary>The longest piece at the start of <paramref name="text"/>: its id, or -1, and its length in bytes.</summary>
    public int LongestMatch(int root, ReadOnlySpan<byte> text, out int length)
    {
        var states = _states;
        var state = root;
        var id = -1;
        length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var next = states[state].Base + text[i];
            if ((uint)next >= (uint)states.Length || states[next].Check != state)
            {
                break;
            }

            state = next;
            if (states[state].Id >= 0)
            {
                id = states[state].Id;
                length = i + 1;
            }
        }

        return id;
    }

    // pieces: all that begin with the bytes that led to this state.
    private void Insert(int state, ReadOnlySpan<Piece> pieces, int depth)
    {
        if (pieces.Length > 0 && pieces[0].Bytes.Length == depth)
        {
            _states[state].Id = pieces[0].Id;
            pieces = pieces[1..];
        }

        Span<byte> keys = stackalloc byte[256];
        var count = 0;
        foreach (var piece in pieces)
        {
            if (count == 0 || keys[count - 1] != piece.Bytes[depth])
            {
                keys[count++] = piece.Bytes[depth];
            }
        }

        // Without children every byte leads out of the array.
        var offset = count == 0 ? int.MinValue : FreeOffset(keys[..count]);
        _states[state].Base = offset;
        foreach (var key in keys[..count])
        {
            _states[offset + key].Check = state;
        }

        foreach (var key in keys[..count])
        {
            var end = 0;
            while (end < pieces.Length && pieces[end].Bytes[depth] == key)
            {
                end++;
            }

            Insert(offset + key, pieces[..end], depth + 1);
            pieces = pieces[end..];
        }
    }

    // First fit. The crowded head of the array is not searched again and again: the start moves up as it fills.
    private int FreeOffset(ReadOnlySpan<byte> keys)
    {
        while (_firstFree < _states.Length && _states[_firstFree].Check != State.Nobody)
        {
            _firstFree++;
        }

        for (var offset = _firstFree - keys[0]; ; offset++)
        {
            if (offset + 256 > _states.Length)
            {
                Grow(_states.Length * 2);
            }

            var free = true;
            foreach (var key in keys)
            {
                free &= _states[offset + key].Check == State.Nobody;
            }

            if (free)
            {
                return offset;
            }
        }
    }

    private void Grow(int size)
    {
        var old = _states.Length;
        Array.Resize(ref _states, size);
        _states.AsSpan(old).Fill(new State { Check = State.Nobody, Id = -1 });
    }

    private struct State
    {
        public const int Nobody = -1;
        public const int Root = -2;

        public int Base;
        public int Check;
        public int Id;
    }
}

/// <summary>A vocabulary entry: its UTF-8 bytes, without the prefix of continuations.</summary>
internal readonly record struct Piece(byte[] Bytes, int Id);
