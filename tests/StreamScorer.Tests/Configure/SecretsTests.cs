using StreamScorer.Configure;
using StreamScorer.Operate;

namespace StreamScorer.Tests.Configure;

public sealed class SecretsTests : IDisposable
{
    private const UnixFileMode Mine = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _folder = Directory.CreateTempSubdirectory("streamscorer-secrets-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("Kafka:Properties:sasl.password", true)]
    [InlineData("Kafka:Properties:ssl.key.password", true)]
    [InlineData("Kafka:Properties:ssl.keystore.password", true)]
    [InlineData("Kafka:Properties:ssl.key.pem", true)]
    [InlineData("Kafka:Properties:sasl.oauthbearer.client.secret", true)]
    [InlineData("Kafka:Properties:sasl.oauthbearer.config", true)]
    [InlineData("Kafka:Properties:sasl.oauthbearer.assertion.private.key.passphrase", true)]
    [InlineData("Operate:ApiKey", true)]
    [InlineData("Kafka:Properties:sasl.username", false)]
    [InlineData("Kafka:Properties:ssl.key.location", false)]
    [InlineData("Kafka:TokenFile", false)]
    public void Is_ShouldKnowSecretsByTheirNames(string option, bool secret) => Assert.Equal(secret, Secrets.Is(option));

    [Fact]
    public void Show_ShouldHidePasswordsInAddresses()
        => Assert.Equal("https://***@issuer/token", Secrets.Show("Kafka:Properties:sasl.oauthbearer.token.endpoint.url", "https://me:hunter2@issuer/token"));

    [Theory]
    [InlineData("""{"Kafka": {"Properties": {"sasl.password_FILE": "PATH"}}}""", null)]
    [InlineData("{}", "Kafka:Properties:sasl.password_FILE=PATH")]
    [InlineData("""{"Kafka": {"Properties": {"sasl.password": "the file wins, because it comes later"}}}""", "kafka:properties:SASL_PASSWORD_file=PATH")]
    public void Load_ShouldTakeTheValueFromTheFile_InEveryPlace(string json, string? set)
    {
        var secret = Write("secret", "pa55 word\r\n", Mine);
        var loaded = Load(json.Replace("PATH", secret, StringComparison.Ordinal), set is null ? [] : [set.Replace("PATH", secret, StringComparison.Ordinal)]);

        Assert.Equal("pa55 word", loaded.Settings.Kafka.Properties["sasl.password"]);
        Assert.Empty(loaded.Warnings);
        Assert.Contains(loaded.Lines(), line => line.StartsWith($"{secret}, named by the ", StringComparison.Ordinal) && line.EndsWith("  Kafka:Properties:sasl.password = ***", StringComparison.Ordinal));
    }

    [Fact]
    public void Load_ShouldTellWhereEveryOptionComesFrom_AndNoSecret()
    {
        var loaded = Load("""{"Consume": {"Topic": "in"}, "Kafka": {"Properties": {"sasl.username": "me"}}}""", "kafka:properties:ssl.key.password=hunter2", "Publish:LingerMs=7");

        var lines = loaded.Lines().Select(line => line.Split("  ", 2, StringSplitOptions.TrimEntries)).ToDictionary(line => line[1], line => line[0]);

        Assert.Equal(Path.Combine(_folder, "appsettings.json"), lines["Consume:Topic = in"]);
        Assert.Equal("command line", lines["Publish:LingerMs = 7"]);
        Assert.Equal("default", lines["Publish:ScoredTopic = posts.scored"]);
        Assert.Equal("command line", lines["Kafka:Properties:ssl.key.password = ***"]);
        Assert.Equal(Path.Combine(_folder, "appsettings.json"), lines["Kafka:Properties:sasl.username = me"]);
        Assert.DoesNotContain("hunter2", string.Concat(loaded.Lines()), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ShouldWarn_WhenOthersCanReadASecret()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such file rights.");
        var open = Write("open", "x", Mine | UnixFileMode.OtherRead);
        var own = Write("own", "x", Mine);

        string[] warnings =
        [
            .. Load("{}", "Kafka:Properties:sasl.password=hunter2", $"Kafka:Properties:ssl.key.password_FILE={open}").Warnings,
            .. Load("{}", $"Kafka:Properties:ssl.key.location={open}", $"Kafka:Properties:ssl.key.password_FILE={own}").Warnings,
            .. Load("""{"Kafka": {"Properties": {"sasl.password": "hunter2"}}}""").Warnings,
        ];

        Assert.Equal(4, warnings.Length);
        Assert.Contains($"Kafka:Properties:ssl.key.password: every user of this machine may read {open}, which holds a secret. Cure: chmod o-rwx {open}", warnings);
        Assert.Contains(warnings, warning => warning.StartsWith("Kafka:Properties:sasl.password is on the command line", StringComparison.Ordinal) && warning.Contains("Kafka:Properties:sasl.password_FILE=FILE", StringComparison.Ordinal));
        Assert.Contains(warnings, warning => warning.StartsWith("Kafka:Properties:ssl.key.location: every user", StringComparison.Ordinal));
        Assert.Contains(warnings, warning => warning.StartsWith("Kafka:Properties:sasl.password: every user of this machine may read " + _folder, StringComparison.Ordinal));
        Assert.DoesNotContain(warnings, warning => warning.Contains("hunter2", StringComparison.Ordinal));
    }

    [Fact]
    public void Load_ShouldSayWhichFileCannotBeRead_TogetherWithAllOtherFaults()
    {
        var fault = Assert.Throws<StartupException>(() => Load("{}", "Kafka:Properties:sasl.password_FILE=/no/such", "Nonsense:X=1", "Kafka:GroupId=a", $"Kafka:GroupId_FILE={_folder}"));

        Assert.Contains("has 3 faults", fault.Message, StringComparison.Ordinal);
        Assert.Contains("Kafka:Properties:sasl.password_FILE (command line): '/no/such' cannot be read", fault.Message, StringComparison.Ordinal);
        Assert.Contains("Kafka:GroupId (command line): it is given both as a value and as a file", fault.Message, StringComparison.Ordinal);
    }

    private LoadedSettings Load(string json, params string[] sets)
        => SettingsLoader.Load(Write("appsettings.json", json, Mine | UnixFileMode.OtherRead), sets);

    private string Write(string name, string text, UnixFileMode mode)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }

        return path;
    }
}
