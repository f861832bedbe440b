using FsCheck;
using FsCheck.Fluent;
using StreamScorer.Shared.Group;

namespace Shared.Tests.Group;

public sealed class GrouperTests
{
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

        return Grouper.Cut(some, options).Batches.Sum(batch => options.CallTokens + (batch.Rows * batch.LongestRow)) == Least(rows, options);
    });

    /// <summary>By trying every first call and all that can follow it.</summary>
    private static int Least(ReadOnlySpan<int> rows, GroupOptions options)
    {
        var least = rows.Length == 0 ? 0 : int.MaxValue;
        for (var count = 1; count <= rows.Length && (count == 1 || (count <= options.MaxRows && count * rows[count - 1] <= options.MaxTokens)); count++)
        {
            least = Math.Min(least, options.CallTokens + (count * rows[count - 1]) + Least(rows[count..], options));
        }

        return least;
    }

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
            select (Posts: posts, Options: new GroupOptions { MaxTokens = tokens, MaxRows = rows, CallTokens = call });
        Prop.ForAll(cases.ToArbitrary(), any => holds([.. any.Posts.Select(ids => (ReadOnlyMemory<int>)ids)], any.Options)).QuickCheckThrowOnFailure();
    }

    private static ReadOnlyMemory<int> Post(params int[] ids) => ids;
}
