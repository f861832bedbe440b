using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using StreamScorer.Configure;

namespace StreamScorer.Tests.Configure;

/// <summary>Writes <c>docs/configuration.md</c> from the options themselves, so that it cannot be out of date.</summary>
internal static partial class ConfigurationDocument
{
    private const string Head = """
        # Configuration

        Every option, section by section. This page is written from the code; a test fails when it is out of date
        (`UPDATE_DOCS=1 ./build.sh test` writes it anew).

        Three places, the later one wins:

        1. `appsettings.json` in the working directory, or the file named with `--config FILE`: `{ "Consume": { "Topic": "posts" } }`
        2. the environment: `STREAMSCORER__CONSUME__TOPIC=posts`
        3. the command line: `--set Consume:Topic=posts`

        In each of them `_FILE` behind a name reads the value from a file, as secrets are given to containers:
        `STREAMSCORER__KAFKA__PROPERTIES__SASL_PASSWORD_FILE=/run/secrets/kafka-password` ([security.md](security.md)). In the environment an underscore
        stands for the dot of a librdkafka property. `streamscorer check --show-config` prints what counts and where it comes from.

        Names are not case-sensitive. An unknown name, a value of a wrong type or out of range is refused at start, all faults at once
        (`streamscorer check` only checks). Durations are written `hours:minutes:seconds`. Log levels: section `Logging`, as in ASP.NET
        (`--set Logging:LogLevel:Default=Debug`).

        """;

    public static string Write()
    {
        var page = new StringBuilder(Head.ReplaceLineEndings("\n"));
        foreach (var section in typeof(Settings).GetProperties().OrderBy(p => p.Name, StringComparer.Ordinal))
        {
            page.Append(CultureInfo.InvariantCulture, $"\n## {section.Name}\n\n{Summary("T:", section.PropertyType.FullName!, section.PropertyType)}\n\n| option | default | meaning |\n|---|---|---|\n");
            foreach (var option in section.PropertyType.GetProperties().Where(p => p.CanWrite))
            {
                Append(page, section.Name, option);
            }
        }

        return page.ToString();
    }

    private static void Append(StringBuilder page, string section, PropertyInfo option)
    {
        var text = Summary("P:", $"{option.DeclaringType!.FullName}.{option.Name}", option.DeclaringType);
        var match = Default().Match(text);
        Assert.True(match.Success, $"{section}:{option.Name}: its documentation must end with '(default: …)'.");
        var kind = Nullable.GetUnderlyingType(option.PropertyType) ?? option.PropertyType;
        var values = kind.IsEnum ? $" One of {string.Join(", ", Enum.GetNames(kind).Select(n => $"`{n}`"))}." : "";
        page.Append(CultureInfo.InvariantCulture, $"| `{section}:{option.Name}` | {match.Groups[1].Value} | {Default().Replace(text, "").Trim().Replace("|", "\\|", StringComparison.Ordinal)}{values} |\n");
    }

    private static string Summary(string kind, string name, Type type)
    {
        var file = Path.ChangeExtension(type.Assembly.Location, ".xml");
        var member = XDocument.Load(file).Descendants("member").SingleOrDefault(m => m.Attribute("name")!.Value == kind + name);
        var summary = member?.Element("summary");
        Assert.True(summary is not null, $"{name} has no documentation.");
        foreach (var reference in summary.Descendants("see").ToList())
        {
            reference.ReplaceWith($"`{(reference.Attribute("cref")?.Value ?? reference.Attribute("langword")!.Value).Split('.')[^1]}`");
        }

        foreach (var code in summary.Descendants("c").ToList())
        {
            code.ReplaceWith($"`{code.Value}`");
        }

        return Space().Replace(summary.Value, " ").Trim();
    }

    [GeneratedRegex(@"\(default: ([^)]*)\)")]
    private static partial Regex Default();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
