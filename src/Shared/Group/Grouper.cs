using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;

namespace StreamScorer.Shared.Group;

/// <summary>
/// Cuts posts into token batches: equal token sequences become one row, rows are sorted by length (ties keep their order) so
/// that little is padded, and a batch ends where the next row would pass a limit. Same posts, same batches. The batches read
/// the posts' memory instead of copying it: it must stay as it is until they are scored. A post in segments is several posts here.
/// </summary>
public static class Grouper
{
    /// <param name="posts">Token ids of each post, at least one a post.</param>
    /// <param name="pads">Whether the model works on rows padded to the longest one (<see cref="Infer.IScorer.Pads"/>): padding then counts as tokens do.</param>
    /// <exception cref="ArgumentException">A post without token ids, or a limit below 1.</exception>
    public static Grouping Cut(IReadOnlyList<ReadOnlyMemory<int>> posts, GroupOptions options, bool pads = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxTokens, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxRows, 1);

        var rowOfPost = new int[posts.Count];
        var keys = ArrayPool<long>.Shared.Rent(posts.Count);
        var table = ArrayPool<int>.Shared.Rent((int)BitOperations.RoundUpToPowerOf2((uint)(2 * posts.Count) + 1));
        try
        {
            var rows = FindUnique(posts, rowOfPost, keys, table);
            Array.Sort(keys, 0, rows);
            var postOfRow = Order(keys.AsSpan(0, rows), rowOfPost, rowOfUnique: table);
            return new Grouping(CutRows(posts, postOfRow, options, pads), rows, rowOfPost);
        }
        finally
        {
            ArrayPool<long>.Shared.Return(keys);
            ArrayPool<int>.Shared.Return(table);
        }
    }

    /// <summary>
    /// A call as large as <see cref="Cut"/> may make one, of rows up to a length. Where attention alone sees padding, that is not the fullest one: shorter rows beside a longest one make attention work as if all were as
    /// long, and stay as long as a call of their own would cost more. That bounds the k-th shortest of them from below: k (longest² - length²) &lt;= CallTokens × PairsPerToken.
    /// </summary>
    /// <param name="row">Token ids of the longest row; the others are beginnings of it.</param>
    internal static TokenBatch Largest(ReadOnlyMemory<int> row, GroupOptions options, bool pads)
    {
        var (longest, tokens) = (row.Length, row.Length);
        var lengths = new List<int>();
        while (lengths.Count + 1 < options.MaxRows)
        {
            var unpadded = ((double)longest * longest) - ((double)options.CallTokens * options.PairsPerToken / (lengths.Count + 1));
            var length = pads ? longest : unpadded <= 1 ? 1 : (int)Math.Ceiling(Math.Sqrt(unpadded));
            if (tokens + length > options.MaxTokens)
            {
                break;
            }

            lengths.Add(length);
            tokens += length;
        }

        ReadOnlyMemory<int>[] rows = [.. lengths.Select(length => row[..length]), row];
        return new TokenBatch(rows, [.. Enumerable.Range(0, rows.Length)], firstRow: 0, rows.Length, tokens, longest);
    }

    /// <summary>Numbers the different sequences in order of appearance; a key is length * 2^32 + first post with that sequence.</summary>
    private static int FindUnique(IReadOnlyList<ReadOnlyMemory<int>> posts, int[] uniqueOfPost, long[] keys, int[] table)
    {
        // The rented table may be longer than asked for: its size must be a power of two for the mask.
        var mask = (int)BitOperations.RoundUpToPowerOf2((uint)(2 * uniqueOfPost.Length) + 1) - 1;
        Array.Clear(table, 0, mask + 1);
        var count = 0;
        for (var post = 0; post < uniqueOfPost.Length; post++)
        {
            var ids = posts[post].Span;
            if (ids.IsEmpty)
            {
                throw new ArgumentException($"Post {post} of the micro-batch has no token ids.", nameof(posts));
            }

            var slot = Hash(ids) & mask;
            while (table[slot] != 0 && !posts[(int)keys[table[slot] - 1]].Span.SequenceEqual(ids))
            {
                slot = (slot + 1) & mask;
            }

            if (table[slot] == 0)
            {
                keys[count] = ((long)ids.Length << 32) | (uint)post;
                table[slot] = ++count;
            }

            uniqueOfPost[post] = table[slot] - 1;
        }

        return count;
    }

    // Seeded per process, so that nobody can send posts that all meet in one slot.
    private static int Hash(ReadOnlySpan<int> ids)
    {
        var hash = new HashCode();
        hash.AddBytes(MemoryMarshal.AsBytes(ids));
        return hash.ToHashCode();
    }

    /// <summary>Turns unique numbers into sorted rows, in place in <paramref name="rowOfPost"/>; returns the first post of each row.</summary>
    private static int[] Order(ReadOnlySpan<long> sortedKeys, int[] rowOfPost, int[] rowOfUnique)
    {
        var postOfRow = new int[sortedKeys.Length];
        for (var row = 0; row < postOfRow.Length; row++)
        {
            postOfRow[row] = (int)sortedKeys[row];
            rowOfUnique[rowOfPost[postOfRow[row]]] = row;
        }

        for (var post = 0; post < rowOfPost.Length; post++)
        {
            rowOfPost[post] = rowOfUnique[rowOfPost[post]];
        }

        return postOfRow;
    }

    private static List<TokenBatch> CutRows(IReadOnlyList<ReadOnlyMemory<int>> posts, int[] postOfRow, GroupOptions options, bool pads)
    {
        var firsts = ArrayPool<int>.Shared.Rent(postOfRow.Length + 1);
        try
        {
            FindCheapestCuts(posts, postOfRow, options, pads, firsts);
            var batches = new List<TokenBatch>();
            for (var end = postOfRow.Length; end > 0; end = firsts[end])
            {
                var first = firsts[end];
                var tokens = 0;
                for (var row = first; row < end; row++)
                {
                    tokens += posts[postOfRow[row]].Length;
                }

                batches.Add(new TokenBatch(posts, postOfRow, first, end - first, tokens, posts[postOfRow[end - 1]].Length));
            }

            batches.Reverse();
            return batches;
        }
        finally
        {
            ArrayPool<int>.Shared.Return(firsts);
        }
    }

    /// <summary>
    /// The cuts with the least sum of what calls compute and of what they cost by themselves, by dynamic programming over the sorted rows: filling each
    /// call to its limit brings short posts together with much longer ones.
    /// </summary>
    /// <param name="firsts">[rows + 1], filled: the first row of the last call of the cheapest way to score the rows before an index.</param>
    private static void FindCheapestCuts(IReadOnlyList<ReadOnlyMemory<int>> posts, int[] postOfRow, GroupOptions options, bool pads, int[] firsts)
    {
        var costs = ArrayPool<long>.Shared.Rent(postOfRow.Length + 1);
        costs[0] = 0;
        for (var end = 1; end <= postOfRow.Length; end++)
        {
            long longest = posts[postOfRow[end - 1]].Length;
            long tokens = 0;
            costs[end] = long.MaxValue;
            for (var first = end - 1; first >= 0; first--)
            {
                var rows = end - first;
                tokens = pads ? rows * longest : tokens + posts[postOfRow[first]].Length;
                if (rows > 1 && (rows > options.MaxRows || tokens > options.MaxTokens))
                {
                    break;
                }

                // Of equal costs the fewer calls.
                var cost = costs[first] + options.CallTokens + tokens + (pads ? 0 : rows * longest * longest / options.PairsPerToken);
                if (cost <= costs[end])
                {
                    (costs[end], firsts[end]) = (cost, first);
                }
            }
        }

        ArrayPool<long>.Shared.Return(costs);
    }
}
