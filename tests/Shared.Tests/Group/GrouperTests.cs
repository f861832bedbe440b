using FsCheck;
using FsCheck.Fluent;
using StreamScorer.Shared.Group;

namespace Shared.Tests.Group;

public sealed class GrouperTests
{
    [Fact]
    public void Slice_ShouldHaveThoseRowsAlone()
    {
        ReadOnlyMemory<int>[] posts = [.. Enumerable.Range(1, 5).Select(length => (ReadOnlyMemory<int>)Enumerable.Repeat(length, length).ToArray())];
        var batch = Grouper.Cut(posts, new GroupOptions { CallTokens = 1_000 }).Batches[0];

        var slice = batch.Slice(1, 3).Slice(1, 2);

        Assert.Equal((2, 2, 7, 4), (slice.FirstRow, slice.Rows, slice.Tokens, slice.LongestRow));
        Assert.Equal([3, 3, 3], slice.Row(0).ToArray());
        Assert.Equal([4, 4, 4, 4], slice.Row(1).ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => slice.Slice(1, 2));
    }

    [Fact]
    public void Cut_ShouldGiveNothing_WhenThereAreNoPosts()
    {
        var grouping = Grouper.Cut([], new GroupOptions());

        Assert.Empty(grouping.Batches);
        Assert.Equal(0, grouping.Rows);
    }

    [Fact]
    public void Cut_ShouldScoreEqualSequencesOnce()
    {
        var grouping = Grouper.Cut([Post(1, 2, 3), Post(7, 7), Post(1, 2, 3), Post(1, 2), Post(7, 7)], new GroupOptions());

        Assert.Equal(3, grouping.Rows);
        Assert.Equal([2, 0, 2, 1, 0], Enumerable.Range(0, 5).Select(grouping.RowOf));
    }

    [Fact]
    public void Cut_ShouldSortByLengthAndKeepTheOrderOfTies()
    {
        var grouping = Grouper.Cut([Post(1, 1, 1), Post(9), Post(2, 2, 2), Post(8), Post(5, 5)], new GroupOptions());

        var batch = Assert.Single(grouping.Batches);
        Assert.Equal([[9], [8], [5, 5], [1, 1, 1], [2, 2, 2]], Enumerable.Range(0, batch.Rows).Select(row => batch.Row(row).ToArray()));
        Assert.Equal((0, 5, 10, 3), (batch.FirstRow, batch.Rows, batch.Tokens, batch.LongestRow));
    }

    [Fact]
    public void Cut_ShouldCountPadding_WhenItHoldsTheTokenLimit()
    {
        // 1 + 1 + 4 tokens, but three rows of 4 with padding: the long one opens the next batch.
        var grouping = Grouper.Cut([Post(1), Post(2), Post(3, 3, 3, 3)], new GroupOptions { MaxTokens = 11 });

        Assert.Equal([(0, 2), (2, 1)], grouping.Batches.Select(batch => (batch.FirstRow, batch.Rows)));
    }

    [Fact]
    public void Cut_ShouldCountTokensAlone_WhenTheModelDoesNotPad()
    {
        var grouping = Grouper.Cut([Post(1), Post(2), Post(3, 3, 3, 3), Post(4, 4, 4, 4)], new GroupOptions { MaxTokens = 10 }, pads: false);

        Assert.Equal((4, 10), (Assert.Single(grouping.Batches).Rows, grouping.Batches[0].Tokens));
    }

    [Fact]
    public void Cut_ShouldKeepShortPostsApart_WhenAttentionWouldPadThem()
    {
        // 40 posts of 4 tokens beside one of 256: 2 % more attention than alone, or 40 times as much.
        var posts = Enumerable.Range(0, 40).Select(i => Post(i, 0, 0, 0)).Append(new int[256]).ToList();

        Assert.Equal([40, 1], Grouper.Cut(posts, new GroupOptions(), pads: false).Batches.Select(batch => batch.Rows));
        Assert.Single(Grouper.Cut(posts, new GroupOptions { PairsPerToken = 1_048_576 }, pads: false).Batches);
    }

    [Fact]
    public void Cut_ShouldGiveAPostItsOwnBatch_WhenItIsLongerThanTheLimit()
    {
        var grouping = Grouper.Cut([Post(1, 2, 3, 4, 5), Post(1), Post(5, 4, 3, 2, 1)], new GroupOptions { MaxTokens = 3 });

        Assert.Equal([1, 1, 1], grouping.Batches.Select(batch => batch.Rows));
    }

    [Fact]
    public void Cut_ShouldRefuse_WhenAPostHasNoTokens() =>
        Assert.Throws<ArgumentException>(() => Grouper.Cut([Post(1), Post()], new GroupOptions()));

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    public void Cut_ShouldRefuse_WhenALimitIsBelowOne(int tokens, int rows) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Grouper.Cut([], new GroupOptions { MaxTokens = tokens, MaxRows = rows }));

    [Fact]
    public void Row_ShouldRefuse_WhenThereIsNoSuchRow()
    {
        var batches = Grouper.Cut([Post(1), Post(2, 2)], new GroupOptions { MaxRows = 1 }).Batches;

        Assert.Throws<ArgumentOutOfRangeException>(() => _ = batches[0].Row(1));
    }

    [Fact]
    public void Cut_ShouldMapEveryPostToItsOwnIds() => Check(static (posts, options) =>
    {
        var grouping = Grouper.Cut(posts, options);
        var rows = grouping.Batches.SelectMany(batch => Enumerable.Range(0, batch.Rows).Select(row => batch.Row(row).ToArray())).ToList();
        return rows.Count == grouping.Rows
            && posts.Select((post, i) => post.Span.SequenceEqual(rows[grouping.RowOf(i)])).All(same => same)
            && rows.Select(row => string.Join(' ', row)).Distinct().Count() == rows.Count;
    });

    [Fact]
    public void Cut_ShouldHoldItsLimits() => Check(static (posts, options) =>
    {
        var next = 0;
        foreach (var batch in Grouper.Cut(posts, options).Batches)
        {
            var lengths = Enumerable.Range(0, batch.Rows).Select(row => batch.Row(row).Length).ToList();
            var holds = batch.FirstRow == next
                && batch.Rows >= 1
                && batch.Rows <= options.MaxRows
                && batch.Tokens == lengths.Sum()
                && batch.LongestRow == lengths.Max()
                && (batch.Rows == 1 || batch.Rows * batch.LongestRow <= options.MaxTokens);
            if (!holds)
            {
                return false;
            }

            next += batch.Rows;
        }

        return true;
    });

    [Fact]
    public void Cut_ShouldGiveTheSame_WhenThePostsAreTheSame() => Check(static (posts, options) =>
        Shape(Grouper.Cut(posts, options), posts.Count) == Shape(Grouper.Cut([.. posts.Select(post => (ReadOnlyMemory<int>)post.ToArray())], options), posts.Count));

    [Fact]
    public void Cut_ShouldCostTheLeastThatAnyCutsCan() => Check(static (posts, options) =>
    {
        var rows = posts.Select(post => string.Join(',', post.ToArray())).Distinct().Select(row => row.Split(',').Length).Order().Take(10).ToArray();
        var some = rows.Select((length, i) => (ReadOnlyMemory<int>)Enumerable.Repeat(i, length).ToArray()).ToList();

        return new[] { true, false }.All(pads =>
            Grouper.Cut(some, options, pads).Batches.Sum(batch => options.CallTokens + Work(batch.Rows, batch.Tokens, batch.LongestRow, options, pads)) == Least(rows, options, pads));
    });

    /// <summary>Rounding lets a call be cheaper by less than one token than it is.</summary>
    [Fact]
    public void Largest_ShouldHaveAtLeastAsManyRowsAsAnyCallOfThatLength() => Check(static (posts, options) =>
        new[] { true, false }.All(pads => Grouper.Cut(posts, options, pads).Batches.All(batch =>
            batch.Rows <= Grouper.Largest(new int[batch.LongestRow], options with { CallTokens = options.CallTokens + 1 }, pads).Rows)));

    [Theory]
    [InlineData(256, true, 4)]
    [InlineData(64, true, 16)]
    [InlineData(256, false, 5)]
    [InlineData(128, false, 14)]
    [InlineData(64, false, 40)]
    [InlineData(2000, false, 1)]
    public void Largest_ShouldBeACallThatCutMakes(int longest, bool pads, int rows)
    {
        var options = new GroupOptions();

        var largest = Grouper.Largest(new int[longest], options, pads);
        var batches = Grouper.Cut([.. Enumerable.Range(0, largest.Rows).Select(row => (ReadOnlyMemory<int>)Enumerable.Repeat(row, largest.Row(row).Length).ToArray())], options, pads).Batches;

        Assert.Equal((rows, longest), (largest.Rows, largest.LongestRow));
        Assert.Equal((largest.Rows, largest.Tokens, longest), (Assert.Single(batches).Rows, batches[0].Tokens, batches[0].LongestRow));
    }

    /// <summary>By trying every first call and all that can follow it.</summary>
    private static int Least(ReadOnlySpan<int> rows, GroupOptions options, bool pads)
    {
        var least = rows.Length == 0 ? 0 : int.MaxValue;
        var tokens = 0;
        for (var count = 1; count <= rows.Length; count++)
        {
            tokens += rows[count - 1];
            if (count > 1 && (count > options.MaxRows || (pads ? count * rows[count - 1] : tokens) > options.MaxTokens))
            {
                break;
            }

            least = Math.Min(least, options.CallTokens + Work(count, tokens, rows[count - 1], options, pads) + Least(rows[count..], options, pads));
        }

        return least;
    }

    private static int Work(int rows, int tokens, int longest, GroupOptions options, bool pads) =>
        pads ? rows * longest : tokens + (rows * longest * longest / options.PairsPerToken);

    private static string Shape(Grouping grouping, int posts) =>
        string.Join(',', grouping.Batches.Select(batch => $"{batch.FirstRow}+{batch.Rows}")) + "|" + string.Join(',', Enumerable.Range(0, posts).Select(grouping.RowOf));

    /// <summary>Few different ids and short posts, so that equal ones are common; limits from too small to ample.</summary>
    private static void Check(Func<IReadOnlyList<ReadOnlyMemory<int>>, GroupOptions, bool> holds)
    {
        var post = Gen.Choose(1, 12).SelectMany(length => Gen.Choose(0, 2).ArrayOf(length));
        var cases =
            from posts in post.ListOf()
            from tokens in Gen.Choose(1, 60)
            from rows in Gen.Choose(1, 8)
            from call in Gen.Choose(0, 20)
            from pairs in Gen.Choose(1, 100)
            select (Posts: posts, Options: new GroupOptions { MaxTokens = tokens, MaxRows = rows, CallTokens = call, PairsPerToken = pairs });
        Prop.ForAll(cases.ToArbitrary(), any => holds([.. any.Posts.Select(ids => (ReadOnlyMemory<int>)ids)], any.Options)).QuickCheckThrowOnFailure();
    }

    private static ReadOnlyMemory<int> Post(params int[] ids) => ids;
}
