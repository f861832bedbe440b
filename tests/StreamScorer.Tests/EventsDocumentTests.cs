using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace StreamScorer.Tests;

/// <summary>Writes <c>docs/events.md</c> from the messages and their documentation: summary is when it comes, remarks what to do.</summary>
public sealed partial class EventsDocumentTests
{
    private const string Head = """
        # Events

        What the worker writes to its log, by number. Numbers are never used again for something else, so alerts may rely on them. This page is written from the code; a test fails when it is out of date
        (`UPDATE_DOCS=1 ./build.sh test StreamScorer` writes it anew).

        Events go to standard error, as text (`… info: StreamScorer.Worker[1201] Serving …`) or, with `Operate:LogFormat=Json`, as one JSON object a line: `Timestamp`, `EventId`, `LogLevel`, `Category`, `Message`,
        and in `State` each value in braces by its name. Level and category are chosen in the section `Logging` (`--set Logging:LogLevel:Default=Warning`). In steady state there is one line each
        `Operate:StatusInterval`; what fails many times a second is told once in 10 s, with the number of those held back. No event holds the text of a post.

        10xx reading, 11xx publishing, 12xx the worker as a whole, 13xx the model, 14xx crash loops, 15xx telemetry, 16xx the policy.

        | event | level | message | when | what to do |
        |---|---|---|---|---|

        """;

    [Fact]
    public void Page_ShouldSayWhatTheMessagesSay()
    {
        var page = Repository.PathOf("docs", "events.md");
        var expected = Write();
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
        {
            File.WriteAllText(page, expected);
        }

        Assert.True(File.Exists(page) && expected == File.ReadAllText(page), "docs/events.md is out of date. Write it anew: UPDATE_DOCS=1 ./build.sh test StreamScorer");
    }

    private static string Write()
    {
        var members = XDocument.Load(Path.ChangeExtension(typeof(Worker).Assembly.Location, ".xml")).Descendants("member").ToLookup(member => member.Attribute("name")!.Value.Split('(')[0]);
        var page = new StringBuilder(Head.ReplaceLineEndings("\n"));
        foreach (var (method, message) in EventIdTests.Messages().OrderBy(found => found.Message.EventId))
        {
            var name = $"M:{method.DeclaringType!.FullName!.Replace('+', '.')}.{method.Name}";
            var member = members[name].SingleOrDefault();
            page.Append(CultureInfo.InvariantCulture, $"| {message.EventId} | {message.Level} | {Cell(message.Message)} | {Text(member, "summary", name)} | {Text(member, "remarks", name)} |\n");
        }

        return page.ToString();
    }

    private static string Text(XElement? member, string part, string name)
    {
        var element = member?.Element(part);
        Assert.True(element is not null, $"{name} must say in its summary when it comes, and in its remarks what to do ('-': nothing).");
        foreach (var code in element.Descendants("c").ToList())
        {
            code.ReplaceWith($"`{code.Value}`");
        }

        return Cell(Space().Replace(element.Value, " ").Trim());
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
