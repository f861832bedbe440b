using System.ComponentModel.DataAnnotations;
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

        Every option, in the order of the data path. This page is written from the code, and a test fails when it is out of date
        (`UPDATE_DOCS=1 ./build.sh test StreamScorer --filter-class '*Configuration*'` writes it anew).

        The defaults are made to be left alone. What nearly everybody sets is `Kafka:BootstrapServers`; then the four topics, the names of the fields (`Decode`), and `Model:Bundle`.

        ## How options are set

        | place | how | |
        |---|---|---|
        | file | `{ "Consume": { "Topic": "posts" } }` | `appsettings.json` in the working directory, or the file named with `--config FILE` |
        | environment | `STREAMSCORER__CONSUME__TOPIC=posts` | two underscores between the parts; in `Kafka:Properties` one stands for a dot |
        | command line | `--set Consume:Topic=posts` | may be repeated |

        The later place wins over the earlier one, option by option. Names are not case-sensitive; durations are `hours:minutes:seconds`. Everything is read once, at start (but for the token in `Kafka:TokenFile`): a change needs a restart.

        - **From a file, as secrets are**: `_FILE` behind a name, in any of the three places:
          `STREAMSCORER__KAFKA__PROPERTIES__SASL_PASSWORD_FILE=/run/secrets/kafka-password`, `--set Operate:ApiKey_FILE=/run/secrets/console-key` ([security.md](security.md#secrets)).
        - **Mistakes** (an unknown name, a wrong type, a value out of range, two that do not fit each other) are refused at start, all at once, with exit code 2. `streamscorer check` says them without starting.
        - **What counts, and where it comes from**: `streamscorer check --offline --show-config`. Secrets show as `***`.
        - **Logging** is ASP.NET's section of that name: `--set Logging:LogLevel:Default=Debug`; the category of one line is the name before its event id.

        """;

    private const string Tail = """

        ## Other environment variables

        | variable | |
        |---|---|
        | `XDG_STATE_HOME` | where the default of `Recover:Folder` begins |
        | `ORT_DISABLE_TELEMETRY` | ONNX Runtime reports to its maker unless it is set; the program sets it to 1 where nobody has set it |
        | `OTEL_EXPORTER_OTLP_ENDPOINT` and the others of OpenTelemetry | count where an option of the section `Otlp` is not set |

        .NET's own (`DOTNET_GCHeapHardLimit`, `DOTNET_gcServer` and so on) count as for any program.

        """;

    public static string Write()
    {
        var page = new StringBuilder(Head.ReplaceLineEndings("\n"));
        page.Append("\n| section | |\n|---|---|\n");
        foreach (var section in Sections)
        {
            page.Append(CultureInfo.InvariantCulture, $"| [{section.Name}](#{section.Name.ToLowerInvariant()}) | {FirstSentence(section)} |\n");
        }

        foreach (var section in Sections)
        {
            page.Append(CultureInfo.InvariantCulture, $"\n## {section.Name}\n\n{Summary("T:", section.PropertyType.FullName!, section.PropertyType)}\n\n| option | default | meaning |\n|---|---|---|\n");
            foreach (var option in section.PropertyType.GetProperties().Where(p => p.CanWrite))
            {
                Append(page, section.Name, option);
            }
        }

        return page.Append(Tail.ReplaceLineEndings("\n")).ToString();
    }

    /// <summary>In the order that they are declared in, which is that of the data path.</summary>
    private static PropertyInfo[] Sections => typeof(Settings).GetProperties();

    private static string FirstSentence(PropertyInfo section)
        => Summary("T:", section.PropertyType.FullName!, section.PropertyType) is var text && text.IndexOf(". ", StringComparison.Ordinal) is var end and > 0 ? text[..(end + 1)] : text;

    private static void Append(StringBuilder page, string section, PropertyInfo option)
    {
        var text = Summary("P:", $"{option.DeclaringType!.FullName}.{option.Name}", option.DeclaringType);
        var match = Default().Match(text);
        Assert.True(match.Success, $"{section}:{option.Name}: its documentation must end with '(default: …)'.");
        var kind = Nullable.GetUnderlyingType(option.PropertyType) ?? option.PropertyType;
        var names = kind.IsEnum ? string.Join(", ", Enum.GetNames(kind).Select(n => $"`{n}`")) : "";
        var values = names.Length == 0 ? Limits(option) : kind.IsDefined(typeof(FlagsAttribute)) ? $" Any of {names}, separated by commas." : $" One of {names}.";
        page.Append(CultureInfo.InvariantCulture, $"| `{section}:{option.Name}` | {match.Groups[1].Value} | {Default().Replace(text, "").Trim().Replace("|", "\\|", StringComparison.Ordinal)}{values} |\n");
    }

    private static string Limits(PropertyInfo option) => option.GetCustomAttribute<RangeAttribute>() is { } range
        ? string.Create(CultureInfo.InvariantCulture, $" From {range.Minimum} to {range.Maximum}.")
        : option.Name == nameof(KafkaOptions.Properties) ? $" Not these, which the program sets: {string.Join(", ", KafkaOptions.Reserved.Select(name => $"`{name}`"))}." : "";

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
