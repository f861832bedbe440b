using StreamScorer.Demo;

namespace StreamScorer.Tests.Demo;

public sealed class DemoRecordsTests
{
    private static readonly SamplePosts Samples = new([.. Enumerable.Range(0, 1_000).Select(i => new SamplePost($"s:{i}", $"text {i}"))]);

    [Fact]
    public void Records_ShouldBeTheSame_WhenTheSeedIs()
        => Assert.Equal(Take(2_500, new ReplayOptions { Seed = 7 }), Take(2_500, new ReplayOptions { Seed = 7 }));

    [Fact]
    public void Records_ShouldDiffer_WhenTheSeedDoes()
        => Assert.NotEqual(Take(100, new ReplayOptions { Seed = 7 }), Take(100, new ReplayOptions { Seed = 8 }));

    [Fact]
    public void Records_ShouldBeExactlyAsManyAsAsked() => Assert.Equal(1_234, new DemoRecords(Samples, new ReplayOptions { Posts = 1_234 }).Count());

    [Fact]
    public void Records_ShouldHaveIdsOfTheirOwn_PassAfterPass()
    {
        var records = Take(3_500, new ReplayOptions());

        Assert.Equal(3_500, records.Select(r => r.Id).Distinct().Count());
        Assert.All(records, record => Assert.Equal(record.Text, Samples.TextOf(record.Id)));
        Assert.NotEqual(records.Take(1_000).Select(r => r.Text), records.Skip(1_000).Take(1_000).Select(r => r.Text));
    }

    [Fact]
    public void Records_ShouldSpoilOneInSoMany_OfEveryKind()
    {
        var defects = Take(2_000, new ReplayOptions { MalformedEvery = 200 }).Where(r => r.Defect is not null).ToList();

        Assert.Equal(Enum.GetValues<Defect>().Order(), defects.Select(d => d.Defect!.Value).Order());
        Assert.Equal(Enumerable.Range(0, 10).Select(i => (long)i), defects.Select(d => d.Number / 200));
    }

    [Fact]
    public void Records_ShouldAllBeSound_WhenNoneIsToBeMalformed()
        => Assert.DoesNotContain(Take(1_000, new ReplayOptions { MalformedEvery = 0 }), record => record.Defect is not null);

    [Fact]
    public void Records_ShouldComeFromFewBusyAndManyQuietAuthors()
    {
        var posts = Take(4_000, new ReplayOptions()).CountBy(r => r.Author).Select(a => a.Value).OrderDescending().ToList();

        Assert.InRange(posts[0] / 4_000.0, 0.10, 0.18); // 400^(-1/3) = 0.136
        Assert.True(posts.Count > 200);
    }

    private static List<DemoRecord> Take(int count, ReplayOptions options) => [.. new DemoRecords(Samples, options).Take(count)];
}
