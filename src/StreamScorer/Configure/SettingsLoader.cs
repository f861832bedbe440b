using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using StreamScorer.Operate;

namespace StreamScorer.Configure;

/// <summary>
/// Reads the settings from appsettings.json, then the environment (<c>STREAMSCORER__SECTION__KEY</c>), then the command line
/// (<c>--set Section:Key=value</c>); the later one wins. Reports all faults at once: unknown keys, values of a wrong type,
/// values out of range, files that cannot be read.
/// </summary>
internal static class SettingsLoader
{
    public const string EnvironmentPrefix = "STREAMSCORER__";

    /// <summary>Sections that the logging library reads itself.</summary>
    private const string Logging = "Logging";

    /// <param name="file">A configuration file that must exist; null: appsettings.json in the working directory, if there is one.</param>
    /// <param name="sets">Pairs <c>Section:Key=value</c>.</param>
    /// <exception cref="StartupException">One line a fault.</exception>
    public static LoadedSettings Load(string? file, IReadOnlyList<string> sets)
    {
        var sources = ConfigurationSources.Read(file, sets);
        var configuration = sources.Configuration();
        var faults = sources.Faults.ToList();
        var settings = Bind(configuration, faults);
        return faults.Count == 0
            ? new LoadedSettings(settings, configuration, sources.Options, sources.Warnings)
            : throw new StartupException($"The configuration has {faults.Count} fault{(faults.Count == 1 ? "" : "s")} (all options: docs/configuration.md):\n" + string.Join('\n', faults.Select(f => "  " + f)));
    }

    /// <summary>Binds every section, adding to <paramref name="faults"/> instead of stopping at the first one.</summary>
    public static Settings Bind(IConfiguration configuration, ICollection<string> faults)
    {
        var settings = new Settings();
        foreach (var section in configuration.GetChildren().Where(s => !Same(s.Key, Logging)))
        {
            var property = Find(typeof(Settings), section.Key);
            if (property is null)
            {
                faults.Add($"{section.Key}: there is no such section. Sections: {Names(typeof(Settings))}.");
                continue;
            }

            BindSection(section, property.GetValue(settings)!, faults);
        }

        foreach (var property in typeof(Settings).GetProperties())
        {
            Validate(property.Name, property.GetValue(settings)!, faults);
        }

        return settings;
    }

    private static void BindSection(IConfigurationSection section, object target, ICollection<string> faults)
    {
        foreach (var entry in section.GetChildren())
        {
            if (Find(target.GetType(), entry.Key) is not { } property)
            {
                faults.Add($"{entry.Path}: there is no such option. {section.Key} has: {Names(target.GetType())}.");
                continue;
            }

            try
            {
                property.SetValue(target, Value(entry, property.PropertyType));
            }
            catch (Exception e) when (e is InvalidOperationException or FormatException or ArgumentException)
            {
                faults.Add($"{entry.Path}: '{Secrets.Show(entry.Path, entry.Value ?? "")}' is not {Kind(property.PropertyType)}.");
            }
        }
    }

    private static object? Value(IConfigurationSection entry, Type type)
    {
        if (typeof(IReadOnlyDictionary<string, string>).IsAssignableFrom(type))
        {
            // Keys such as ssl.ca.location are one level; a colon in them would be a level of its own.
            return entry.GetChildren().ToDictionary(child => child.Key, child => child.Value ?? "", StringComparer.Ordinal);
        }

        var value = entry.Get(type);
        return value is not null || Nullable.GetUnderlyingType(type) is not null || type == typeof(string)
            ? value
            : throw new FormatException("A section stands where a value is expected.");
    }

    private static void Validate(string section, object options, ICollection<string> faults)
    {
        var results = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true);
        foreach (var result in results)
        {
            var member = result.MemberNames.FirstOrDefault();
            var value = member is null ? null : options.GetType().GetProperty(member)?.GetValue(options);
            var shown = value is null or IEnumerable and not string ? "" : $" It is '{Secrets.Show($"{section}:{member}", value.ToString()!)}'.";
            faults.Add($"{section}{(member is null ? "" : ":" + member)}: {result.ErrorMessage}{shown}");
        }
    }

    private static string Kind(Type type)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        return plain.IsEnum ? $"one of {string.Join(", ", Enum.GetNames(plain))}"
            : plain == typeof(TimeSpan) ? "a duration such as 00:00:30"
            : plain == typeof(bool) ? "true or false"
            : plain == typeof(int) || plain == typeof(long) ? "a whole number"
            : $"a {plain.Name}";
    }

    private static PropertyInfo? Find(Type type, string name) => type.GetProperties().FirstOrDefault(p => p.CanWrite && Same(p.Name, name));

    private static string Names(Type type) => string.Join(", ", type.GetProperties().Where(p => p.CanWrite).Select(p => p.Name));

    private static bool Same(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);
}
