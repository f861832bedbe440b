using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using StreamScorer.Commands;
using StreamScorer.Consume;
using StreamScorer.Operate;
using StreamScorer.Settle;
using StreamScorer.Shared.Contracts;
using StreamScorer.Shared.Infer;

namespace StreamScorer.Tests.Documents;

/// <summary>Whatever the worker can say to the person on call has its place in docs/runbook.md, and the runbook promises nothing that it cannot say.</summary>
public sealed partial class RunbookTests
{
    private static readonly string Page = File.ReadAllText(Repository.PathOf("docs", "runbook.md"));
    private static readonly string Alerts = Repository.PathOf("deploy", "prometheus", "alerts.yml");

    [Fact]
    public void DeadLetterReasons_ShouldBeThoseOfTheCode() => Assert.Equal(Names<RejectReason>(), Cells("Dead-letter reasons"));

    [Fact]
    public void Pauses_ShouldBeThoseOfTheCode() => Assert.Equal(Names<PauseReasons>().Where(name => name != "none"), Cells("Pauses"));

    [Fact]
    public void ErrorClasses_ShouldBeThoseOfTheCode()
        => Assert.Equal([.. Enum.GetNames<FaultTier>().Order(StringComparer.Ordinal), .. Names<InferenceFailure>()], [.. Cells("How errors are sorted").Where(c => char.IsUpper(c[0])), .. Cells("How errors are sorted").Where(c => char.IsLower(c[0]))]);

    [Fact]
    public void ExitCodes_ShouldHaveThoseOfTheCode()
    {
        var codes = typeof(ExitCode).GetFields(BindingFlags.Static | BindingFlags.Public).Select(code => $"| {code.GetRawConstantValue()} |").Order(StringComparer.Ordinal);

        Assert.Equal(codes, Row().Matches(Section("Exit codes")).Select(row => row.Groups[1].Value).Where(row => row.Length == "| 0 |".Length).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void HealthChecks_ShouldBeThoseOfTheCode()
    {
        var health = new HealthState(new OperateOptions(), TimeProvider.System);
        string[] ready = [.. health.Ready().Checks.Select(check => check.Name)];
        string[] loops = [.. Sources().SelectMany(source => Turned().Matches(source)).Select(turned => turned.Groups[1].Value).Distinct()];

        Assert.NotEmpty(loops);
        Assert.Equal(ready.Concat(loops).Order(StringComparer.Ordinal), Cells("Health checks"));
    }

    /// <summary>Quotations: what the runbook says that the worker says, the code says, but for what stands at an ellipsis.</summary>
    [Theory]
    [InlineData("What the last line says")]
    [InlineData("Health checks")]
    public void Quotations_ShouldBeInTheCode(string section)
    {
        var code = string.Join('\n', Sources());
        var quotations = Quotation().Matches(Section(section)).Select(cell => cell.Groups[1].Value).Where(text => text.Contains(' ', StringComparison.Ordinal) && !text.StartsWith("kafka-", StringComparison.Ordinal)).ToList();

        Assert.NotEmpty(quotations);
        Assert.All(quotations, quotation => Assert.All(quotation.Split('…', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries), part => Assert.Contains(part, code, StringComparison.Ordinal)));
    }

    /// <summary>The other way round: what ends a running worker for a person to cure.</summary>
    [Fact]
    public void LastLines_ShouldNameEveryWayThatARunEnds()
    {
        var lines = Cells("What the last line says", anything: true).Select(line => line.Split('…')[0].Trim()).ToList();
        string[] files = ["Publish/Deliveries.cs", "Infer/FailureLadder.cs", "Infer/InferStage.cs", "Pipeline.cs"];
        var messages = files.SelectMany(file => Ending().Matches(Source(file))).Concat(Cause().Matches(Source("Publish/TransactionException.cs"))).Select(match => match.Groups[1].Value).ToList();

        Assert.True(messages.Count >= 12, $"Only {messages.Count} messages were found in the code.");
        Assert.All(messages, message => Assert.Contains(lines, line => message.StartsWith(line, StringComparison.Ordinal)));
    }

    [Fact]
    public void Alerts_ShouldEachHaveTheirHeading()
    {
        var headings = Regex.Matches(Page, "^### (StreamScorer\\w+)$", RegexOptions.Multiline).Select(heading => heading.Groups[1].Value).ToList();
        Assert.SkipUnless(File.Exists(Alerts), "There are no alert rules in deploy/prometheus.");

        Assert.Equal(Regex.Matches(File.ReadAllText(Alerts), "alert: (\\w+)").Select(alert => alert.Groups[1].Value).Order(StringComparer.Ordinal), headings.Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> Names<T>()
        where T : struct, Enum
        => Enum.GetNames<T>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName).Order(StringComparer.Ordinal);

    /// <summary>First cells of the tables of a section that hold one name and nothing else.</summary>
    private static IEnumerable<string> Cells(string section, bool anything = false)
        => FirstCell().Matches(Section(section)).Select(cell => cell.Groups[1].Value).Where(cell => anything || !cell.Contains(' ', StringComparison.Ordinal)).Distinct().Order(StringComparer.Ordinal);

    /// <summary>From its heading to the next one, of whatever depth.</summary>
    private static string Section(string heading)
    {
        var parts = Regex.Split(Page, "^#+ (.*)$", RegexOptions.Multiline);
        var at = Array.IndexOf(parts, heading);
        Assert.True(at > 0, $"docs/runbook.md has no section '{heading}'.");
        return parts[at + 1];
    }

    private static string Source(string file) => File.ReadAllText(Repository.PathOf("src", "StreamScorer", file));

    private static IEnumerable<string> Sources()
        => Directory.GetFiles(Repository.PathOf("src", "StreamScorer"), "*.cs", SearchOption.AllDirectories).Concat(Directory.GetFiles(Repository.PathOf("src", "Shared", "Infer"), "*.cs")).Select(File.ReadAllText);

    [GeneratedRegex(@"^\| `([^`]+)` \|", RegexOptions.Multiline)]
    private static partial Regex FirstCell();

    [GeneratedRegex(@"^(\| \d+ \|)", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"`([^`\n]+)`")]
    private static partial Regex Quotation();

    [GeneratedRegex(@"ealth\.Turned\(""(\w+)""\)")]
    private static partial Regex Turned();

    /// <summary>What exceptions say, to their first interpolation; a defect of ours is none of these.</summary>
    [GeneratedRegex(@"(?<!InvalidOperation)Exception\(\s*\$?""([A-Z][^""{]+)")]
    private static partial Regex Ending();

    [GeneratedRegex(@"=> \$?""([A-Z][^""{]+)")]
    private static partial Regex Cause();
}
