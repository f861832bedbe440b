using System.Collections;

namespace StreamScorer.Demo;

/// <summary>
/// The records of a replay, reproducible by their seed: the sample posts pass after pass, each pass in another order, malformed ones
/// among them, by authors of whom few write much and many little.
/// </summary>
internal sealed class DemoRecords(SamplePosts samples, ReplayOptions options) : IEnumerable<DemoRecord>
{
    private const int Authors = 400;

    private static readonly Defect[] Defects = Enum.GetValues<Defect>();

    public IEnumerator<DemoRecord> GetEnumerator()
    {
        // The algorithm of a seeded Random is fixed, so the records are the same in every version of .NET.
        var random = new Random(options.Seed);
        var malformed = -1L;
        var number = 0L;
        foreach (var (post, pass) in Posts(random))
        {
            if (number == options.Posts)
            {
                yield break;
            }

            var every = options.MalformedEvery;
            if (every > 0 && number % every == 0)
            {
                malformed = number + random.Next(every);
            }

            // Every kind in its turn, so that a short replay has them all.
            Defect? defect = number == malformed ? Defects[number / every % Defects.Length] : null;
            yield return new DemoRecord(number++, SamplePosts.IdOf(post, pass), Author(random), post.Text, defect, options.MaxTextBytes);
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private IEnumerable<(SamplePost Post, int Pass)> Posts(Random random)
    {
        var order = samples.Posts.ToArray();
        for (var pass = 0; ; pass++)
        {
            random.Shuffle(order);
            foreach (var post in order)
            {
                yield return (post, pass);
            }
        }
    }

    /// <summary>A power law: the first author writes about 14 % of all posts, half of them write 20 % together.</summary>
    private static string Author(Random random)
        => FormattableString.Invariant($"user{(int)(Authors * Math.Pow(random.NextDouble(), 3)) + 1:D3}");
}
